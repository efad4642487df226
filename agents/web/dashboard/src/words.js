// Sentences: what a process owner would say of a stream. Is work flowing; if not, where does it wait, since when, why?
import { duration, number, percent, plural, since, waitText } from './figures.js'
import { worstStage } from './judge.js'

export const LEVEL_WORDS = {
  still: 'Stands still',
  blind: 'Not known',
  late: 'Flows, late in part',
  flowing: 'Flows',
  idle: 'No work',
}

const list = (words) => (words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`)

// What most of its work waits for now; null: nothing is on hold.
export function topWait(stage) {
  const now = stage.waits.filter((w) => w.wip > 0)
  return now.length ? now.reduce((a, b) => (b.wip > a.wip ? b : a)) : null
}

export function waitWords(stage) {
  const wait = topWait(stage)
  return wait ? `${number(wait.wip)} of ${number(stage.wip)} wait for ${waitText(wait.party, wait.reason)}` : ''
}

// One signal of a bottleneck, as a clause.
export function signalWords(signal, held) {
  switch (signal) {
    case 'overload':
      return `more comes than leaves: ${number(held.arrivals)} in, ${number(held.departures)} out`
    case 'growth':
      return `${number(held.growth)} of the ${number(held.wip)} in progress came on top`
    case 'queue':
      return `${percent(held.queue_share)} of the cycle time is queue${held.queued ? `, ${number(held.queued)} are queued now` : ''}`
    case 'late':
      return `${number(held.older)} of ${number(held.wip)} are older than usual`
    default:
      return signal
  }
}

const oldest = (stage) => (stage.age.max > 0 ? `the oldest for ${duration(stage.age.max, stage.working_day_seconds)}` : '')

function feedWords(alerts, blind) {
  const silent = alerts.filter((a) => a.kind === 'source_silent' && blind.includes(a.source))
  const words = silent.map((a) => `${a.source} (silent for ${duration(a.observed_seconds, a.working_day_seconds)})`)
  return words.length ? `${words.length === 1 ? 'source' : 'sources'} ${list(words)}` : ''
}

// Below it little speaks of a stage: worth no words while all flows.
const TELLING_SCORE = 0.3

function why(judged, spot) {
  const held = judged.held?.stages.find((h) => h.stage === spot.stage.id)
  const waits = waitWords(spot.stage)
  if (waits) return waits
  return held?.reasons.length ? signalWords(held.reasons[0].signal, held) : ''
}

const flow = ({ window, windowName }) =>
  window ? `In ${number(window.started)}, out ${number(window.finished)} in ${windowName === 'all' ? 'all' : windowName}.` : ''

// Of a stream: {head, text}. `now` is the daemon's, in nanoseconds.
export function sentence(judged, alerts, now) {
  const spot = worstStage(judged)
  const head = LEVEL_WORDS[judged.level]
  if (!spot || judged.level === 'idle') return { head, text: 'No item has been seen in this window, and none is open.' }
  const name = spot.stage.name
  if (judged.level === 'still') {
    const more = judged.stages.filter((s) => s.level === 'still').length - 1
    const feed = feedWords(alerts, spot.blind)
    const parts = [
      `Nothing has left ${name} since ${since(spot.since, now)}: ${number(spot.stage.queued + spot.stage.active)} wait there, ${oldest(spot.stage)}.`,
      feed ? `Likely the feed: ${feed}.` : sentenceOf(why(judged, spot)),
      more > 0 ? `So ${more === 1 ? 'does one more stage' : `do ${more} more stages`}.` : '',
    ]
    return { head, text: join(parts) }
  }
  if (judged.level === 'blind') {
    const blind = [...new Set(judged.stages.flatMap((s) => s.blind))]
    const feed = feedWords(alerts, blind)
    const stages = judged.stages.filter((s) => s.blind.length)
    const at = stages.length > 2 ? `${stages.length} stages` : list(stages.map((s) => s.stage.name))
    return { head, text: join([`No news of ${at}: ${feed}.`, lateWords(judged, now), flow(judged)]) }
  }
  if (judged.level === 'late') return { head, text: join([lateWords(judged, now), flow(judged)]) }
  const top = judged.held?.stages[0]
  const reason = top?.score >= TELLING_SCORE && why(judged, spot)
  return {
    head,
    text: join(['Nothing is late or stuck.', flow(judged), reason && spot.stage.wip ? `Slowest: ${name}, ${reason}.` : '']),
  }
}

// Of an alert that is new: where, what.
const NEWS_WORDS = {
  item_stalled: (a) => `${plural(a.count, 'item does', 'items do')} not move`,
  item_overdue: (a) => `${plural(a.count, 'item is', 'items are')} past expectation`,
  stage_stalled: () => 'nothing leaves',
  wip_limit: (a) => `${number(a.observed)} at once, above the limit of ${number(a.threshold)}`,
  sle_missed: (a) => `${a.name || 'an expectation'} is missed`,
  source_silent: () => 'silent',
  source_refused: () => 'much of it is not understood',
  source_gap: (a) => `${plural(a.count, 'event is', 'events are')} missing`,
}
// Where items stopped moving of late, most of them first. A stream counts its items, too: it tells where no stage does.
export function newlyStuck(alerts) {
  const told = alerts.filter((a) => a.newest_count > 0)
  const byStage = new Set(told.filter((a) => a.stage).map((a) => a.value_stream))
  return told.filter((a) => a.stage || !byStage.has(a.value_stream)).sort((a, b) => b.newest_count - a.newest_count)
}

// How many items that are: one that is stuck in two arms of a fork is told at both. Of each place ten are named at most;
// where a stream forks, those not named may be the same ones, and it is `most` that can be said.
export function stuckItems(where) {
  let n = 0
  let most = false
  for (const stream of new Set(where.map((a) => a.value_stream))) {
    const own = where.filter((a) => a.value_stream === stream)
    const named = own.flatMap((a) => a.newest)
    const once = new Set(named).size
    const unnamed = own.reduce((sum, a) => sum + a.newest_count, 0) - named.length
    n += once + unnamed
    most ||= once < named.length && unnamed > 0
  }
  return { n, most }
}

export const newsWords = (a) => `${a.stage_name || a.value_stream_name || a.source}: ${NEWS_WORDS[a.kind]?.(a) ?? a.kind}`

// Of a part of a stream: how much of the whole it is, what comes and goes, and where most of it is.
export function partSentence(judged) {
  const { stream, stages } = judged
  const most = stages.reduce((a, b) => (b.stage.wip > a.stage.wip ? b : a))
  return join([`${number(stream.wip)} of ${number(stream.whole)} in progress.`, flow(judged), most.stage.wip > 0 && `Most of it is in ${most.stage.name}: ${number(most.stage.wip)}.`])
}

function lateWords(judged, now) {
  const kinds = [judged.late && `${number(judged.late)} past expectation`, judged.stuck && `${number(judged.stuck)} not moving`].filter(Boolean)
  const spot = worstStage(judged)
  const missed = judged.alerts.concat(judged.stages.flatMap((s) => s.alerts)).filter((a) => a.kind === 'sle_missed')
  if (!kinds.length) {
    const own = judged.alerts[0]
    return missed.length ? `${plural(missed.length, 'expectation is', 'expectations are')} missed.` : own ? own.reason : ''
  }
  const there = spot.late + spot.stuck > 0 ? `${number(Math.max(spot.late, spot.stuck))} since ${since(spot.since, now)}` : ''
  const reason = why(judged, spot)
  return `${sentenceOf(kinds.join(', '))} Worst: ${[spot.stage.name, there, oldest(spot.stage), reason].filter(Boolean).join('; ')}.`
}

const sentenceOf = (text) => (text ? `${text.charAt(0).toUpperCase()}${text.slice(1)}.` : '')
const join = (parts) => parts.filter(Boolean).join(' ')
