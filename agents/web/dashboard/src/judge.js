// How a stage and a stream stand, out of the figures and the alerts. The worst first:
//   still    nothing leaves a stage in which work waits
//   blind    a source that feeds it is silent, so that nobody knows: grey, never green
//   late     it flows, with work that is past what is expected or that nothing moves
//   flowing
//   idle     there is no work
import { chosenWindow } from './windows.js'

export const LEVELS = ['still', 'blind', 'late', 'flowing', 'idle']
const rank = (level) => LEVELS.indexOf(level)
const worst = (levels) => levels.reduce((a, b) => (rank(b) < rank(a) ? b : a), 'idle')

const LATE_KINDS = ['item_overdue', 'item_stalled', 'sle_missed', 'wip_limit']

// A pending alert is not one yet; a silenced one was told, and is shown, but changes no judgement.
export const counts = (alert) => alert.state === 'firing' && !alert.silenced

const most = (alerts, kind) => alerts.filter((a) => a.kind === kind).reduce((n, a) => Math.max(n, a.count), 0)
const oldestSince = (alerts) => alerts.reduce((t, a) => (t === 0 || a.since_unix_nano < t ? a.since_unix_nano : t), 0)

export function silentSources(alerts) {
  return alerts.filter((a) => a.kind === 'source_silent' && counts(a))
}

function judgeStage(streamId, stage, window, alerts) {
  const own = alerts.filter((a) => a.value_stream === streamId && a.stage === stage.id && counts(a))
  const stalled = own.find((a) => a.kind === 'stage_stalled')
  const blind = silentSources(alerts).filter((a) => a.blinds.includes(`${streamId}/${stage.id}`)).map((a) => a.source)
  const lateOnes = own.filter((a) => LATE_KINDS.includes(a.kind))
  const busy = stage.wip > 0 || (window?.arrivals ?? 0) > 0
  const levels = [busy ? 'flowing' : 'idle']
  if (lateOnes.length) levels.push('late')
  if (blind.length) levels.push('blind')
  if (stalled) levels.push('still')
  return {
    stage,
    window,
    level: worst(levels),
    stalled,
    blind,
    alerts: own,
    late: most(own, 'item_overdue'), // several expectations may count one item, so the largest of them
    stuck: most(own, 'item_stalled'),
    since: stalled ? stalled.since_unix_nano : oldestSince(lateOnes),
  }
}

export function judge(stream, { alerts, bottleneck, wanted }) {
  const windowName = chosenWindow(stream, wanted)
  const pick = (node) => node.windows.find((w) => w.window === windowName)
  const stages = stream.stages.map((stage) => judgeStage(stream.id, stage, pick(stage), alerts))
  const own = alerts.filter((a) => a.value_stream === stream.id && a.stage === '' && counts(a))
  const window = pick(stream)
  const busy = stream.wip > 0 || (window?.started ?? 0) > 0
  const held = bottleneck?.value_streams.find((b) => b.value_stream === stream.id)
  return {
    stream,
    window,
    windowName,
    stages,
    alerts: own,
    held, // the stages that hold up the flow
    level: worst([busy ? 'flowing' : 'idle', own.length ? 'late' : 'idle', ...stages.map((s) => s.level)]),
    late: stages.reduce((n, s) => n + s.late, 0),
    stuck: stages.reduce((n, s) => n + s.stuck, 0),
  }
}

// The stage that a process owner should look at first: one that stands still, then one that nobody sees, then what
// holds up the flow most among those with late work, then the one with most of it.
export function worstStage(judged) {
  const { stages, held } = judged
  const heldRank = (s) => held?.stages.find((h) => h.stage === s.stage.id)?.rank ?? 1000
  const byLate = (a, b) => b.late + b.stuck - (a.late + a.stuck) || heldRank(a) - heldRank(b)
  const candidates = stages.filter((s) => s.level === judged.level)
  if (candidates.length && judged.level !== 'flowing' && judged.level !== 'idle') return [...candidates].sort(byLate)[0]
  const first = held?.stages[0]
  return (first && stages.find((s) => s.stage.id === first.stage)) || [...stages].sort((a, b) => b.stage.wip - a.stage.wip)[0]
}

const topScore = (judged) => judged.held?.stages[0]?.score ?? 0

export function worstFirst(list) {
  return [...list].sort((a, b) => rank(a.level) - rank(b.level) || topScore(b) - topScore(a) || a.stream.id.localeCompare(b.stream.id))
}
