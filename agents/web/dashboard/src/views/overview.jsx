// The first screen, the five-second answer: is work flowing, and if not, where does it wait, since when, why? All
// streams, the worst first, a sentence each; below them each stream as it was drawn.
import { link } from '../address.js'
import { duration, number, percent, plural } from '../figures.js'
import { counts, judge, worstFirst, worstStage } from '../judge.js'
import { SegmentSelect, WindowSelect } from '../parts/head.jsx'
import { Diagram, Legend } from '../parts/diagram.jsx'
import { Mark } from '../parts/mark.jsx'
import { drawnOnly, judgePart, PartLine, partName, usePart } from '../parts/part.jsx'
import { Strip } from '../parts/strip.jsx'
import { Later } from '../parts/turns.js'
import { newlyStuck, newsWords, sentence, stuckItems } from '../words.js'

const NEWS = 4
const STUCK = 3 // stages of which items are named
const NAMES = 3 // items of one

export function judgeAll(live, wanted) {
  const { snapshot, alerts, bottleneck } = live
  return worstFirst((snapshot?.value_streams ?? []).map((stream) => judge(stream, { alerts, bottleneck, wanted })))
}

export function Figures({ judged }) {
  const { stream, window, windowName } = judged
  const lead = window?.lead_time
  const days = stream.working_day_seconds
  const told = [
    ['in progress', number(stream.wip)],
    [`in, ${windowName}`, number(window?.started)],
    [`out, ${windowName}`, number(window?.finished)],
    ['lead time p50', lead?.count ? duration(lead.p50, days) : '–'],
    ['p85', lead?.count ? duration(lead.p85, days) : '–'],
    !stream.part && ['flow efficiency', window?.flow_efficiency ? percent(window.flow_efficiency) : '–'],
  ]
  return (
    <dl class="figures">
      {told.filter(Boolean).map(([name, figure]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{figure}</dd>
        </div>
      ))}
    </dl>
  )
}

function Glance({ judged, address, live }) {
  const { stream, level } = judged
  const { head, text } = sentence(judged, live.alerts, live.snapshot.time_unix_nano)
  const spot = worstStage(judged)
  const to = level === 'flowing' || level === 'idle' || !spot ? [stream.id] : [stream.id, spot.stage.id]
  return (
    <li class={`glance ${level}`}>
      <Mark level={level} size={26} />
      <div class="glance-words">
        <h2>
          <a href={link(address, 'stream', [stream.id])}>{stream.name}</a> <span class="muted">{stream.id}</span>
        </h2>
        <p>
          <b class="verdict">{head}.</b> {text} {to.length > 1 && <a class="whole" href={link(address, 'stream', to)}>Look there</a>}
        </p>
      </div>
      <Strip judged={judged} />
    </li>
  )
}

const NEW_NANO = 24 * 3600 * 1e9

// Items that stopped moving in the last day: how many, where most of them are, and which were the last.
function Stuck({ where, address }) {
  if (!where.length) return null
  const { n, most } = stuckItems(where)
  const places = where.slice(0, STUCK)
  return (
    <p class="news">
      <b>Newly stuck in the last 24 h: {most && 'at most '}{plural(n, 'item')}.</b>{' '}
      {places.map((a, i) => (
        <span key={a.id}>
          {i > 0 && '; '}{number(a.newest_count)} <a href={link(address, 'alert', [a.id])}>{a.stage_name || a.value_stream_name}</a>
          <span class="names">:{a.newest.slice(0, NAMES).map((item, k, all) => (
            <span key={item}>{' '}<span class="whole"><a href={link(address, 'item', [item], { stream: a.value_stream })}>{item}</a>{k + 1 < all.length && ','}</span></span>
          ))}{a.newest_count > NAMES && ' …'}</span>
        </span>
      ))}
      {where.length > STUCK && <>; and at {plural(where.length - STUCK, 'more place')}</>}.
    </p>
  )
}

// What began to go wrong in the last day, the newest first: what was known yesterday needs no second look.
function News({ live, address, stuck }) {
  const now = live.snapshot.time_unix_nano
  const fresh = live.alerts.filter((a) => counts(a) && !(a.newest_count > 0) && a.fired_unix_nano > now - NEW_NANO).sort((a, b) => b.fired_unix_nano - a.fired_unix_nano)
  if (!fresh.length) return live.alerts.some(counts) && !stuck ? <p class="news muted">Nothing began to stick or to be late in the last 24 h.</p> : null
  return (
    <p class="news">
      <b>New in the last 24 h:</b>{' '}
      {fresh.slice(0, NEWS).map((a, i) => (
        <span key={a.id}>{i > 0 && '; '}<a href={link(address, 'alert', [a.id])}>{newsWords(a)}</a></span>
      ))}
      {fresh.length > NEWS && <>; <a href={link(address, 'alerts', [])}>{number(fresh.length - NEWS)} more</a></>}.
    </p>
  )
}

// A stream as it was drawn, once its turn has come. `children` stand above the drawing.
function Stream({ judged, mark, edges, address, now, children }) {
  const { id, name } = judged.stream
  return (
    <Later>
      <section class="panel stream" aria-labelledby={`stream-${id}`}>
        <div class="panel-head">
          <h2 id={`stream-${id}`}>{mark} <a href={link(address, 'stream', [id])}>{name}</a></h2>
          <Figures judged={judged} />
        </div>
        {children}
        <Diagram judged={judged} edges={edges} address={address} now={now} legend={false} />
      </section>
    </Later>
  )
}

// One part of every stream that is split by its attribute.
function Parts({ address, live, wanted, segment }) {
  const { answer, trouble } = usePart('', segment)
  const streams = live.snapshot.value_streams
  const parts = streams.map((stream) => judgePart(stream, answer, wanted)).filter(Boolean)
  const without = answer ? streams.filter((s) => !parts.some((p) => p.stream.id === s.id)) : []
  if (trouble) return <PartLine segment={segment} trouble={trouble} address={address} />
  return (
    <>
      <p class="muted">Above: all of it. Below: {partName(segment)}; how that stands and what it waits for is told by a stream's own view.</p>
      {parts.map((judged) => (
        <Stream key={judged.stream.id} judged={judged} edges={drawnOnly(live.edges[judged.stream.id])} address={address} now={live.snapshot.time_unix_nano}>
          <PartLine segment={segment} judged={judged} address={address} />
        </Stream>
      ))}
      {without.length > 0 && <p class="panel empty">Not split by {partName(segment).split(' ')[0]}: {without.map((s) => s.name).join(', ')}.</p>}
    </>
  )
}

function Nothing({ live }) {
  if (!live.snapshot) return <p class="panel empty">{live.stale ? 'No figures have been had yet. This page goes on trying.' : 'Loading …'}</p>
  return (
    <div class="panel">
      <h1>No value stream is configured</h1>
      <p class="empty">Write one into the daemon's configuration (value_streams:), check it with <code>vsmd --config FILE --check</code>, then <code>vsm reload</code>.</p>
    </div>
  )
}

export function OverviewView({ address, live, wanted }) {
  const all = judgeAll(live, wanted)
  if (!all.length) return <Nothing live={live} />
  const now = live.snapshot.time_unix_nano
  const quiet = live.snapshot.ingest.received === 0
  const stuck = newlyStuck(live.alerts.filter(counts))
  return (
    <>
      <div class="view-head">
        <h1>Is work flowing?</h1>
        <SegmentSelect address={address} />
        <WindowSelect address={address} streams={live.snapshot.value_streams} />
      </div>
      {quiet && (
        <p class="panel empty">
          The daemon has not received any event yet. Try it with <code>vsm simulate --history 30d</code>, or see what a system sends with <code>vsm emit --help</code>.
        </p>
      )}
      <Stuck where={stuck} address={address} />
      <News live={live} address={address} stuck={stuck.length > 0} />
      <ul class="glances">
        {all.map((judged) => <Glance key={judged.stream.id} judged={judged} address={address} live={live} />)}
      </ul>
      <Legend />
      {address.query.segment && <Parts address={address} live={live} wanted={wanted} segment={address.query.segment} />}
      {!address.query.segment && all.map((judged) => (
        <Stream key={judged.stream.id} judged={judged} mark={<Mark level={judged.level} />} edges={live.edges[judged.stream.id]} address={address} now={now} />
      ))}
    </>
  )
}
