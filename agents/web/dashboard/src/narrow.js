// A part of a stream in place of the whole: region=north. Of a part the daemon keeps its work, counts and times, stage by
// stage; what it keeps of the whole alone (how work stands, ages, waits, expectations, shares) is left out, not shown as
// if it were the part's.
const NONE = { max: 0, p50: 0, p85: 0, p95: 0 }

function windowOf(whole, part) {
  const own = part?.windows.find((w) => w.window === whole.window)
  return own && { ...own, sle: [] }
}

function nodeOf(node, part) {
  return {
    ...node,
    part: true,
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

// The values that there are: [attribute=value], of one stream or of all.
export const valuesOf = (streams) => [...new Set(streams.flatMap((s) => s.segments.map((x) => `${x.attribute}=${x.value}`)))]
