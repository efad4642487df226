// A part of a stream in place of the whole: region=north. Of a part the daemon keeps its work, counts and times, stage by
// stage; how it stands, its ages and what it waits for are told by its items, where all of them are known. What the
// daemon keeps of the whole alone (expectations, shares, the flow over time) is left out, not shown as if it were the
// part's.
const NONE = { max: 0, p50: 0, p85: 0, p95: 0 }

function windowOf(whole, part) {
  const own = part?.windows.find((w) => w.window === whole.window)
  return own && { ...own, sle: [] }
}

function nodeOf(node, part) {
  return {
    ...node,
    part: true,
    untold: true, // how its work stands
    whole: node.wip,
    wip: part?.wip ?? 0,
    queued: 0,
    active: 0,
    suspended: 0,
    age: NONE,
    waits: [],
    windows: node.windows.map((w) => windowOf(w, part) ?? { ...w, started: 0, finished: 0, arrivals: 0, departures: 0, sle: [], cycle_time: null, lead_time: null }),
  }
}

// `answer`: the snapshot's, with the segments of that one value. Null: not there yet.
export function narrowed(stream, answer) {
  const told = answer?.value_streams.find((s) => s.id === stream.id)
  if (!told) return null
  const partOf = (node) => node?.segments[0]
  return {
    ...nodeOf(stream, partOf(told)),
    stages: stream.stages.map((stage) => nodeOf(stage, partOf(told.stages.find((s) => s.id === stage.id)))),
  }
}

// What its waits have in common, by what is waited for; of those that have ended nothing is known.
function waitsOf(rows) {
  const waits = new Map()
  for (const { party, reason } of rows.filter((r) => r.state === 'suspended' && (r.party || r.reason))) {
    const key = `${party} ${reason}`
    waits.set(key, { party, reason, wip: (waits.get(key)?.wip ?? 0) + 1, windows: [] })
  }
  return [...waits.values()]
}

// A stage of a part with what its open visits tell: all of them.
function standing(stage, rows) {
  const count = (state) => rows.filter((r) => r.state === state).length
  const ages = rows.map((r) => r.in_stage_seconds)
  return {
    ...stage,
    untold: false,
    queued: count('queued'),
    active: count('active'),
    suspended: count('suspended'),
    age: { ...NONE, max: Math.max(0, ...ages) },
    waits: waitsOf(rows),
  }
}

// `answer`: the part's items; where there are more than one answer holds nothing is known of how they stand.
export function withItems(part, answer) {
  if (!part || !answer || answer.cursor) return part
  const stages = part.stages.map((stage) => standing(stage, answer.items.filter((r) => r.stage === stage.id)))
  return { ...part, stages }
}

// The values that there are: [attribute=value], of one stream or of all.
export const valuesOf = (streams) => [...new Set(streams.flatMap((s) => s.segments.map((x) => `${x.attribute}=${x.value}`)))]
