// The story of one item: where it was and for how long, and each thing that was said of it, with the rule that read it.
import { link } from '../address.js'
import { duration, shortTime, time, waitText } from '../figures.js'
import { PileKey } from '../parts/pile.jsx'
import { useAnswer } from '../parts/load.js'
import { useWidth } from '../parts/size.js'
import { Table } from '../parts/table.jsx'

const STATE_AFTER = { schedule: 'queued', start: 'active', suspend: 'suspended', resume: 'active' }
const ROW = 30
const NAME = 232

// A visit in parts by what its stage's transitions made of it: [{state, from, to}] in nanoseconds.
function parts(visit, transitions, now) {
  const end = visit.left_unix_nano || now
  const own = transitions.filter((t) => t.stage === visit.stage && t.time_unix_nano >= visit.entered_unix_nano && t.time_unix_nano <= end && STATE_AFTER[t.lifecycle])
  const cut = [{ at: visit.entered_unix_nano, state: 'queued' }, ...own.map((t) => ({ at: t.time_unix_nano, state: STATE_AFTER[t.lifecycle] }))]
  return cut.map((c, i) => ({ state: c.state, from: c.at, to: cut[i + 1]?.at ?? end })).filter((p) => p.to > p.from)
}

function Timeline({ item, names, now }) {
  const [ref, width] = useWidth()
  const { visits, transitions } = item
  const start = Math.min(...visits.map((v) => v.entered_unix_nano))
  const end = Math.max(...visits.map((v) => v.left_unix_nano || now), start + 1)
  const left = width < 560 ? 0 : NAME
  const row = left ? ROW : ROW + 14
  const x = (at) => left + ((at - start) / (end - start)) * Math.max(0, width - left - 4)
  return (
    <figure class="panel chart" ref={ref}>
      <figcaption>
        <b>Where it was</b> <PileKey />
      </figcaption>
      {width > 0 && (
        <svg class="timeline" width={width} height={visits.length * row + 26} role="img" aria-label="Its visits over time; the table below has them in figures">
          <defs>
            <pattern id="queued" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
              <rect class="queued-ground" width="5" height="5" />
              <rect class="queued-line" width="2" height="5" />
            </pattern>
            <pattern id="held" width="5" height="5" patternUnits="userSpaceOnUse">
              <rect class="held-ground" width="5" height="5" />
              <circle class="held-dot" cx="2.5" cy="2.5" r="1.1" />
            </pattern>
          </defs>
          {visits.map((v, i) => {
            const y = i * row + (left ? 0 : 14)
            return (
              <g key={i}>
                <text class="name" x={0} y={left ? y + 18 : y - 2}>{clip(names(v.stage), left ? 32 : 60)}</text>
                {parts(v, transitions, now).map((p) => (
                  <rect key={p.from} class={`part ${p.state}`} x={x(p.from)} y={y + 5} width={Math.max(1.5, x(p.to) - x(p.from))} height="17">
                    <title>{`${names(v.stage)}: ${p.state === 'suspended' ? 'on hold' : p.state} ${duration((p.to - p.from) / 1e9)}`}</title>
                  </rect>
                ))}
                {v.rework && <text class="rework" x={x(v.entered_unix_nano) - 4} y={y + 18} text-anchor="end">↻</text>}
                {!v.left_unix_nano && <path class="open" d={`M${x(now) - 1} ${y + 5}l5 8.5-5 8.5z`} />}
              </g>
            )
          })}
          <text class="tick" x={left} y={visits.length * row + 20}>{shortTime(start)}</text>
          <text class="tick" x={width - 2} y={visits.length * row + 20} text-anchor="end">{shortTime(end)}</text>
        </svg>
      )}
    </figure>
  )
}

const clip = (text, n) => (text.length > n ? `${text.slice(0, n - 1)}…` : text)

function visitEnd(v) {
  const notes = [v.rework && 'rework', v.unobserved && 'unobserved', v.implied && 'implied'].filter(Boolean)
  return `${v.how || (v.state === 'suspended' ? 'on hold' : v.state)}${notes.length ? ` (${notes.join(', ')})` : ''}`
}

function expected(v) {
  if (!v.expected_seconds) return ''
  const left = v.expected_seconds - v.counted_seconds
  const within = duration(v.expected_seconds, v.expected_working_day_seconds)
  return left >= 0 ? `${within}${v.left_unix_nano ? ', kept' : `, ${duration(left, v.expected_working_day_seconds)} left`}` : (
    <b class="late-text">{within}, over by {duration(-left, v.expected_working_day_seconds)}</b>
  )
}

// A key may be known in several streams; the daemon's sentence then names them.
function Streams({ keyText, streams, address }) {
  return (
    <p class="links">
      In one stream alone:{' '}
      {streams.map((s) => <span key={s.id}><a href={link(address, 'item', [keyText], { stream: s.id })}>{s.id}</a> </span>)}
    </p>
  )
}

function Unknown({ keyText, trouble, streams, address }) {
  return (
    <section class="panel">
      <h1>{keyText}</h1>
      <p class="empty" role="alert">{trouble}</p>
      <p class="empty">A key stands as the systems say it, with its prefix where the rules give one: <code>so:4711</code>. <a href="#/items">What is in progress</a></p>
      {!address.query.stream && streams.length > 1 && <Streams keyText={keyText} streams={streams} address={address} />}
    </section>
  )
}

export function ItemView({ address, live }) {
  const key = address.parts.join('/')
  const { stream = '' } = address.query
  const { answer: item, trouble } = useAnswer(key ? `items/${encodeURIComponent(key)}` : '', { stream })
  if (!item) return trouble ? <Unknown keyText={key} trouble={trouble} streams={(live.snapshot?.value_streams ?? []).filter((s) => trouble.includes(s.id))} address={address} /> : <p class="panel empty">{key ? 'Loading …' : 'Type a key into the search above.'}</p>
  const now = live.snapshot?.time_unix_nano ?? 0
  const known = live.snapshot?.value_streams.find((s) => s.id === item.value_stream)
  const names = (id) => known?.stages.find((s) => s.id === id)?.name ?? (id || 'the item')
  const here = item.visits.filter((v) => !v.left_unix_nano)
  return (
    <>
      <p class="crumbs"><a href={link(address, 'stream', [item.value_stream])}>{known?.name ?? item.value_stream}</a></p>
      <div class="view-head"><h1>{item.item}</h1></div>
      <p class="verdict-line">
        <b class="verdict">{item.state === 'open' ? 'In progress' : item.state === 'finished' ? 'Finished' : 'Withdrawn'}.</b>{' '}
        {here.map((v) => `${v.state === 'suspended' ? `On hold at ${names(v.stage)}${v.reason || v.party ? `: waits for ${waitText(v.party, v.reason)}` : ''}` : `At ${names(v.stage)}, ${v.state}`}, since ${shortTime(v.entered_unix_nano)}.`).join(' ')}
        {item.due_unix_nano > 0 && ` Due ${time(item.due_unix_nano)}.`}
      </p>
      <dl class="facts panel">
        <div><dt>Keys</dt><dd>{item.keys.join(', ')}</dd></div>
        {item.segments.map((s) => <div key={s.attribute}><dt>{s.attribute}</dt><dd>{s.value}</dd></div>)}
      </dl>
      {item.visits.length > 0 && <Timeline item={item} names={names} now={now} />}
      <Table
        title="Its visits"
        rows={item.visits}
        keyOf={(v) => `${v.stage} ${v.entered_unix_nano} ${v.left_unix_nano}`}
        empty="It has been in no stage yet."
        csv={{ path: `items/${encodeURIComponent(key)}`, query: { stream }, name: item.item.replace(/[^\w.-]+/g, '-') }}
        columns={[
          { title: 'Stage', cell: (v) => <a href={link(address, 'stream', [item.value_stream, v.stage])}>{names(v.stage)}</a> },
          { title: 'Entered', cell: (v) => time(v.entered_unix_nano) },
          { title: 'Left', cell: (v) => (v.left_unix_nano ? time(v.left_unix_nano) : '') },
          { title: 'How', cell: visitEnd },
          { title: 'Queued', number: true, cell: (v) => duration(v.queue_seconds, v.working_day_seconds) },
          { title: 'Active', number: true, cell: (v) => duration(v.active_seconds, v.working_day_seconds) },
          { title: 'On hold', number: true, cell: (v) => duration(v.suspended_seconds, v.working_day_seconds) },
          { title: 'Expected', cell: expected },
        ]}
      />
      <Table
        title="What was said of it"
        rows={item.transitions.map((t, i) => ({ ...t, i }))}
        keyOf={(t) => t.i}
        empty="Nothing."
        csv={{ rows: item.transitions, name: `${item.item.replace(/[^\w.-]+/g, '-')}-events` }}
        columns={[
          { title: 'Time', cell: (t) => time(t.time_unix_nano) },
          { title: 'Stage', cell: (t) => names(t.stage) },
          { title: 'Step', cell: (t) => <span class="wrap">{t.lifecycle}{(t.reason || t.party) && <span class="muted">: waits for {waitText(t.party, t.reason)}</span>}</span> },
          { title: 'Event', cell: (t) => <code>{t.source}: {t.type}</code> },
          { title: 'Rule', cell: (t) => <code>{t.rule}</code> },
        ]}
      />
    </>
  )
}
