// The first screen, the five-second answer: is work flowing, and if not, where does it wait, since when, why? All
// streams, the worst first, a sentence each; below them each stream as it was drawn.
import { link } from '../address.js'
import { duration, number, percent } from '../figures.js'
import { judge, worstFirst, worstStage } from '../judge.js'
import { WindowSelect } from '../parts/head.jsx'
import { Diagram, Legend } from '../parts/diagram.jsx'
import { Mark } from '../parts/mark.jsx'
import { Strip } from '../parts/strip.jsx'
import { sentence } from '../words.js'

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
    ['flow efficiency', window?.flow_efficiency ? percent(window.flow_efficiency) : '–'],
  ]
  return (
    <dl class="figures">
      {told.map(([name, figure]) => (
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
          <b class="verdict">{head}.</b> {text} {to.length > 1 && <a href={link(address, 'stream', to)}>Look there</a>}
        </p>
      </div>
      <Strip judged={judged} />
    </li>
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
  return (
    <>
      <div class="view-head">
        <h1>Is work flowing?</h1>
        <WindowSelect address={address} streams={live.snapshot.value_streams} />
      </div>
      {quiet && (
        <p class="panel empty">
          The daemon has not received any event yet. Try it with <code>vsm simulate --history 30d</code>, or see what a system sends with <code>vsm emit --help</code>.
        </p>
      )}
      <ul class="glances">
        {all.map((judged) => <Glance key={judged.stream.id} judged={judged} address={address} live={live} />)}
      </ul>
      <Legend />
      {all.map((judged) => (
        <section key={judged.stream.id} class="panel stream" aria-labelledby={`stream-${judged.stream.id}`}>
          <div class="panel-head">
            <h2 id={`stream-${judged.stream.id}`}>
              <Mark level={judged.level} /> <a href={link(address, 'stream', [judged.stream.id])}>{judged.stream.name}</a>
            </h2>
            <Figures judged={judged} />
          </div>
          <Diagram judged={judged} edges={live.edges[judged.stream.id]} address={address} now={now} legend={false} />
        </section>
      ))}
    </>
  )
}
