// Windows have the names of the configuration: "1h", "7d". A stream may have its own.

const UNIT_SECONDS = { s: 1, m: 60, h: 3600, d: 86400, w: 604800 }

export function seconds(name) {
  const [, n, unit] = /^(\d+)([smhdw])$/.exec(name) ?? []
  return unit ? Number(n) * UNIT_SECONDS[unit] : Infinity // "all"
}

export const names = (node) => node.windows.map((w) => w.window)

// Of all streams, the shortest first, "all" last.
export function allNames(streams) {
  return [...new Set(streams.flatMap(names))].sort((a, b) => seconds(a) - seconds(b))
}

// The wanted one, or where the stream has it not, the longest that is configured.
export function chosenWindow(stream, wanted) {
  const have = names(stream)
  if (have.includes(wanted)) return wanted
  return have.filter((name) => name !== 'all').sort((a, b) => seconds(b) - seconds(a))[0] ?? 'all'
}

export const DEFAULT = '7d'
