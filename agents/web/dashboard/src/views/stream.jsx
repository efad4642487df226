// One stream: the drawing, then how it went over time: cumulative flow, lead time, throughput, and when what is open
// will be done.
import { useMemo } from 'preact/hooks'
import { link } from '../address.js'
import { duration, number, percent } from '../figures.js'
import { judge } from '../judge.js'
import { AlertList } from '../parts/alertlist.jsx'
import { Chart } from '../parts/chart.jsx'
import { Csv } from '../parts/table.jsx'
import { Diagram } from '../parts/diagram.jsx'
import { Forecast } from '../parts/forecast.jsx'
import { SegmentSelect, WindowSelect } from '../parts/head.jsx'
import { useAnswer } from '../parts/load.js'
import { Mark } from '../parts/mark.jsx'
import { drawnOnly, judgePart, OfTheWhole, OfTheWholeAlone, PartLine, Untold, useItems, usePart } from '../parts/part.jsx'
import { Segments } from '../parts/segments.jsx'
import { sentence } from '../words.js'
import { Expectations } from '../parts/expectations.jsx'
import { Finished, useFinished } from '../parts/finished.jsx'

export const seconds = (pane) => pane.start_unix_nano / 1e9

// A stage's own figures, pane by pane.
export const panesOf = (series, stage) => ({ panes: series.panes.map((p) => ({ start_unix_nano: p.start_unix_nano, ...p.stages.find((s) => s.id === stage) })) })

// Of a window without an end ("all") no panes are kept: the longest one stands for it.
export const paneWindow = (stream, name) =>
  name === 'all' ? (stream.windows.map((w) => w.window).filter((w) => w !== 'all').at(-1) ?? '') : name

// Work in progress stage upon stage, above what was finished since the window began: the height of a band is what is
// in the stage, its slope what flows through.
function cumulative(own, stages) {
  let done = 0
  const finished = own.panes.map((p) => (done += p.completed))
  const layers = [{ name: 'finished', values: finished }]
  let below = finished
  for (const { id, name } of [...stages].reverse()) {
    below = own.panes.map((p, i) => below[i] + (p.stages.find((s) => s.id === id)?.wip ?? 0))
    layers.push({ name, values: below })
  }
  return layers
}

const HUES = [212, 174, 262, 32, 330, 96, 12, 236]
const bandColour = (i, dark) => `hsl(${HUES[i % HUES.length]} ${dark ? '45% 52%' : '52% 62%'})`
const isDark = () => matchMedia('(prefers-color-scheme: dark)').matches

function CumulativeFlow({ judged, own }) {
  const layers = useMemo(() => cumulative(own, judged.stream.stages), [own])
  const data = useMemo(() => [own.panes.map(seconds), ...[...layers].reverse().map((l) => l.values)], [layers])
  const options = (colour) => ({
    series: [{}, ...[...layers].reverse().map((layer, i) => ({
      label: layer.name,
      stroke: i === layers.length - 1 ? colour('muted') : bandColour(i, isDark()),
      fill: i === layers.length - 1 ? colour('line') : bandColour(i, isDark()),
      width: 1,
      points: { show: false },
    }))],
  })
  return (
    <Chart
      title="Cumulative flow"
      note="finished at the bottom; each band above is the work in a stage. A band that widens is where work piles up."
      height={300}
      depends={layers.map((l) => l.name).join()}
      options={options}
      data={data}
      values={(n) => number(n)}
    />
  )
}

export function InOut({ own, title, note, names }) {
  const data = useMemo(() => [own.panes.map(seconds), own.panes.map((p) => p.arrivals), own.panes.map((p) => p.departures)], [own])
  return (
    <Chart
      title={title}
      note={note}
      depends={names.join()}
      options={(colour) => ({
        series: [
          {},
          { label: names[0], stroke: colour('accent'), width: 2, points: { show: false } },
          { label: names[1], stroke: colour('late'), width: 2, dash: [6, 4], points: { show: false } },
        ],
        scales: { y: { range: (_, low, high) => [0, Math.max(1, high * 1.1)] } },
      })}
      data={data}
      values={(n) => number(Math.round(n * 10) / 10)}
    />
  )
}

export function WorkOverTime({ own, title }) {
  const data = useMemo(() => [own.panes.map(seconds), own.panes.map((p) => p.wip)], [own])
  return (
    <Chart
      title={title}
      note="at the end of each pane"
      options={(colour) => ({
        series: [{}, { label: 'in progress', stroke: colour('accent'), fill: colour('accent-soft'), width: 2, points: { show: false } }],
        scales: { y: { range: (_, low, high) => [0, Math.max(1, high * 1.1)] } },
      })}
      data={data}
      values={(n) => number(n)}
    />
  )
}

function Throughput({ judged }) {
  const { window, windowName, stream } = judged
  if (!window) return null
  const lead = window.lead_time
  const times = ['lead time p85', lead?.count ? duration(lead.p85, stream.working_day_seconds) : '–', lead?.count ? `p50 ${duration(lead.p50, stream.working_day_seconds)}` : 'nothing finished']
  const told = stream.part ? [
    ['in progress', number(stream.wip), `of ${number(stream.whole)}`],
    [`in and out, ${windowName}`, `${number(window.started)} / ${number(window.finished)}`, `${number(window.withdrawn)} withdrawn`],
    times,
  ] : [
    ['finished a day', window.throughput_per_day.toFixed(window.throughput_per_day < 10 ? 1 : 0), `${number(window.finished)} in ${windowName}`],
    times,
    ['flow efficiency', window.flow_efficiency ? percent(window.flow_efficiency, 1) : '–', 'of the lead time somebody worked'],
    ['in progress', number(stream.wip), `${number(stream.between)} between stages`],
    ['oldest', stream.wip ? duration(stream.age.max, stream.working_day_seconds) : '–', stream.wip ? `half older than ${duration(stream.age.p50, stream.working_day_seconds)}` : ''],
    ['withdrawn', number(window.withdrawn), `${number(window.reopened)} reopened`],
  ]
  return (
    <dl class="tiles">
      {told.map(([name, figure, note]) => (
        <div key={name} class="tile">
          <dt>{name}</dt>
          <dd>{figure}</dd>
          <dd class="muted">{note}</dd>
        </div>
      ))}
    </dl>
  )
}

export function NoSuch({ what, live }) {
  if (!live.snapshot) return <p class="panel empty">{live.stale ? 'No figures have been had yet. This page goes on trying.' : 'Loading …'}</p>
  return (
    <section class="panel">
      <h1>There is no {what}</h1>
      <p class="empty">The configuration in force has none of this name; it may have been renamed. <a href="#/">All streams</a></p>
    </section>
  )
}

export function StreamView({ address, live, wanted }) {
  const stream = live.snapshot?.value_streams.find((s) => s.id === address.parts[0])
  const judged = stream && judge(stream, { alerts: live.alerts, bottleneck: live.bottleneck, wanted })
  const window = stream ? paneWindow(stream, judged.windowName) : ''
  const { answer: own } = useAnswer(stream ? 'series' : '', { stream: stream?.id, window }, { every: 30_000 })
  const { segment = '' } = address.query
  const part = usePart(stream?.id ?? '', segment)
  const items = useItems(segment ? stream?.id : '', '', segment)
  const finished = useFinished({ streamId: stream?.id, window: judged?.windowName, segment })
  if (!stream) return <NoSuch what={`value stream ${address.parts[0] ?? ''}`} live={live} />
  const now = live.snapshot.time_unix_nano
  const { head, text } = sentence(judged, live.alerts, now)
  const shown = segment ? judgePart(stream, part.answer, wanted, items.answer) : judged
  const edges = segment ? drawnOnly(live.edges[stream.id]) : live.edges[stream.id]
  return (
    <>
      <div class="view-head">
        <h1>
          <Mark level={judged.level} size={22} /> {stream.name} <span class="muted">{stream.id}</span>
        </h1>
        <SegmentSelect address={address} streamId={stream.id} />
        <WindowSelect address={address} streams={[stream]} />
      </div>
      {segment && <PartLine segment={segment} {...part} judged={shown} address={address} />}
      <p class={`verdict-line ${judged.level}`}><b class="verdict">{segment ? `All of it: ${head.toLowerCase()}` : head}.</b> {text}</p>
      {shown && <section class="panel" aria-label="The stream as it was drawn">
        <Diagram judged={shown} edges={edges} address={address} now={now} />
        {segment && items.answer?.cursor && <Untold segment={segment} />}
        <p class="links">
          <a href={link(address, 'items', [], { stream: stream.id, sort: 'pace' })}>Its items, the slowest first</a>{' '}
          <Csv path="series" query={{ stream: stream.id, window }} name={`${stream.id}-${window}`} />
        </p>
      </section>}
      {shown && <Throughput judged={shown} />}
      {segment && judged.window?.sle.length > 0 ? <OfTheWhole title="Expectations" segment={segment} address={address} /> : <Expectations sle={shown?.window?.sle ?? []} windowName={judged.windowName} />}
      <AlertList most={4} title={segment ? 'Alerts of this stream, all of it' : 'Alerts of this stream'} alerts={live.alerts.filter((a) => a.value_stream === stream.id)} now={now} address={address} />
      {own && own.panes.length > 0 && (
        <div class="charts">
          {!segment && <CumulativeFlow judged={judged} own={own} />}
          <Finished titles={['Lead time', 'Spread of lead times']} {...finished} segment={segment} times={shown?.window?.lead_time} sle={[]} address={address} />
          {!segment && <InOut own={own} title="Arrivals and departures" note={`a pane: 1/60 of ${window}`} names={['started', 'finished or withdrawn']} />}
        </div>
      )}
      {segment ? <OfTheWholeAlone titles={['Cumulative flow', 'Arrivals and departures', 'Forecast']} segment={segment} address={address} /> : <Forecast streamId={stream.id} />}
      <Segments stream={stream} stageId="" windowName={judged.windowName} address={address} />
    </>
  )
}

