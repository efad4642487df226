// What the page knows now, kept up to date: a snapshot, then the changes that the gateway streams. Where the stream
// cannot be had it asks again and again. It tells its readers at most four times a second.
import { useEffect, useReducer } from 'preact/hooks'
import { get, url } from './api.js'
import { ms } from './figures.js'

const TELL_EVERY_MS = 250
const POLL_EVERY_MS = 2_000 // figures, without a stream
const SLOW_EVERY_MS = 15_000 // what has to be asked for anyway: bottlenecks, edges
const STALE_AFTER_MS = 12_000 // the daemon says something every 5 s

export const live = {
  snapshot: null,
  alerts: [],
  silences: [],
  status: null,
  bottleneck: null,
  edges: {}, // by stream
  trouble: '', // why the newest question failed
  heardAt: 0, // when the daemon was last heard, in milliseconds
  toldAt: 0, // when the stream last brought something
  stale: false,
  streaming: false,
}

const readers = new Set()
let timer = 0

function tell() {
  if (timer) return
  timer = setTimeout(() => {
    timer = 0
    for (const reader of readers) reader()
  }, TELL_EVERY_MS)
}

export function useLive() {
  const [, redraw] = useReducer((n) => n + 1, 0)
  useEffect(() => {
    readers.add(redraw)
    return () => readers.delete(redraw)
  }, [])
  return live
}

// Whether the daemon is there is learnt from the stream and from answers. An answer to what was asked before that last
// changed tells nothing of it: it may have been on its way since then.
let turnedAt = 0
function learn(stale, askedAt = performance.now()) {
  if (stale === live.stale) return true
  if (askedAt < turnedAt) return false
  live.stale = stale
  turnedAt = performance.now()
  return true
}

function heard(askedAt) {
  if (learn(false, askedAt)) Object.assign(live, { heardAt: Date.now(), trouble: '' })
}

function lost(trouble, { askedAt, heardAt = live.heardAt } = {}) {
  if (learn(true, askedAt)) Object.assign(live, { heardAt, trouble })
}

// Asks, and says so where it failed; what is known stays in view.
async function ask(path, query, take) {
  const askedAt = performance.now()
  try {
    take(await get(path, query))
    heard(askedAt)
  } catch (problem) {
    if (problem.status === 0 || problem.status === 503) lost(problem.message, { askedAt })
    else live.trouble = problem.message
  }
  tell()
}

const takeSnapshot = (snapshot) => (live.snapshot = snapshot)
const takeAlerts = ({ alerts, silences }) => Object.assign(live, { alerts, silences })

export const askSnapshot = () => ask('snapshot', {}, takeSnapshot)
export const askAlerts = () => ask('alerts', {}, takeAlerts)
const askStatus = () => ask('status', {}, (status) => (live.status = status))
const askBottleneck = () => ask('bottleneck', {}, (bottleneck) => (live.bottleneck = bottleneck))

// Edges are drawn for one window, that of the address.
let edgesWindow = () => ''
export function askEdges() {
  for (const stream of live.snapshot?.value_streams ?? []) {
    ask('edges', { stream: stream.id, window: edgesWindow(stream) }, (edges) => (live.edges = { ...live.edges, [stream.id]: edges }))
  }
}
export function drawEdgesOf(windowOf) {
  edgesWindow = windowOf
  askEdges()
}

// A metric replaces what was known of its stream or stage. Objects are replaced, never changed, so that a part of the
// page redraws only where its own object is another one.
function takeMetric({ metric: { value_stream: id, stage, stream } }) {
  const { snapshot } = live
  if (!snapshot) return
  const value_streams = snapshot.value_streams.map((known) => {
    if (known.id !== id) return known
    if (stream) return { ...stream, stages: known.stages }
    return { ...known, stages: known.stages.map((s) => (s.id === stage.id ? stage : s)) }
  })
  live.snapshot = { ...snapshot, value_streams }
}

// The gateway says whether the daemon is there, and where what came before is not told.
function takeStatus({ stale_since_unix_nano: staleSince, reset, status }) {
  if (staleSince) {
    lost('The daemon does not answer.', { heardAt: ms(staleSince) })
    return
  }
  heard()
  live.status = status
  if (live.snapshot) live.snapshot = { ...live.snapshot, time_unix_nano: Math.max(status.time_unix_nano, live.snapshot.time_unix_nano) }
  if (reset) everything()
}

async function everything() {
  await askSnapshot()
  askAlerts()
  askStatus()
  askBottleneck()
  askEdges()
}

let alertsDue = 0
function alertsChanged() {
  if (alertsDue) return
  alertsDue = setTimeout(() => {
    alertsDue = 0
    askAlerts()
  }, 500)
}

function follow() {
  const stream = new EventSource(url('stream', { events: 'metric,alert,status' }))
  const on = (name, take) =>
    stream.addEventListener(name, (event) => {
      live.toldAt = Date.now()
      take(JSON.parse(event.data))
      tell()
    })
  on('metric', takeMetric)
  on('alert', alertsChanged)
  on('status', takeStatus)
  stream.onopen = () => (live.streaming = true)
  stream.onerror = () => {
    live.streaming = false
    tell()
    // A browser tries again by itself, unless the answer was no stream at all.
    if (stream.readyState === EventSource.CLOSED) setTimeout(follow, POLL_EVERY_MS * 5)
  }
}

export function start() {
  everything()
  follow()
  setInterval(() => {
    if (live.streaming) return
    askSnapshot()
    askAlerts()
    askStatus()
  }, POLL_EVERY_MS)
  setInterval(() => {
    if (document.hidden || live.stale) return
    askBottleneck()
    askEdges()
  }, SLOW_EVERY_MS)
  setInterval(() => {
    const toldAt = Math.max(live.heardAt, live.toldAt)
    if (live.stale || Date.now() - toldAt < STALE_AFTER_MS) return
    lost(live.trouble || 'The gateway is not heard: is vsm-web running, and the network up?', { heardAt: toldAt })
    tell()
  }, 1000)
}
