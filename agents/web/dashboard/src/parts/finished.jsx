// What was finished, visit by visit: when it left and how long it had taken, and how these times are spread. Of a
// stream: items, and their lead times. The daemon tells the newest of those it still holds.
import { useMemo } from 'preact/hooks'
import { link } from '../address.js'
import { brief, duration, number, time } from '../figures.js'
import { Chart, dots, levels, rootSplits, stepsOf } from './chart.jsx'
import { useAnswer } from './load.js'
import { Csv } from './table.jsx'
import { useWidth } from './size.js'

const ROWS = 2000 // what one answer holds
const BARS = 40
const HEIGHT = 220
const FEW = 5
const NEAR = 90 // closer than that two names would run into each other

export function percentileLines(times, workingDay) {
  if (!times?.count) return []
  return [
    { at: times.p50, name: `p50 ${brief(times.p50, workingDay)}`, colour: 'accent', dash: 'p50' },
    { at: times.p85, name: `p85 ${brief(times.p85, workingDay)}`, colour: 'late', dash: 'p85' },
    { at: times.p95, name: `p95 ${brief(times.p95, workingDay)}`, colour: 'still', dash: 'p95' },
  ]
}

export function useFinished({ streamId, stageId = '', window, segment = '' }) {
  return useAnswer(streamId ? 'visits' : '', { stream: streamId, stage: stageId, window, segment, limit: ROWS }, { every: 30_000 })
}

// Dots over time. The root of the time taken: the longest do not press all others to the ground.
export function Scatter({ title, answer, times, address, segment }) {
  const { visits, working_day_seconds: workingDay } = answer
  const oldestFirst = useMemo(() => [...visits].reverse(), [visits])
  const data = useMemo(() => [oldestFirst.map((v) => v.left_unix_nano / 1e9), oldestFirst.map((v) => v.cycle_seconds)], [oldestFirst])
  const lines = percentileLines(times, workingDay)
  const top = 1.08 * Math.max(1, times?.p95 ?? 0, data[1].reduce((a, b) => Math.max(a, b), 0))
  const radius = visits.length > 500 ? 2.2 : 3.2
  const story = (i) => (location.hash = link(address, 'item', [oldestFirst[i].item], { stream: answer.value_stream }))
  const words = (i) => `${oldestFirst[i].item}: ${duration(oldestFirst[i].cycle_seconds, workingDay)}, ${answer.stage ? 'left' : 'finished'} ${time(oldestFirst[i].left_unix_nano)}`
  const longest = [...visits].sort((a, b) => b.cycle_seconds - a.cycle_seconds).slice(0, FEW)
  const cut = answer.more && times?.count > visits.length ? `, the newest ${number(visits.length)} of ${number(times.count)}` : ''
  return (
    <Chart
      title={title}
      note={`each dot ${answer.stage ? 'a visit that left' : 'an item that was finished'}${cut}; lines: percentiles of the window`}
      depends={`${JSON.stringify(lines)} ${top} ${radius}`}
      options={(colour) => ({
        series: [{}, { label: answer.stage ? 'cycle time' : 'lead time', stroke: colour('accent'), paths: () => null, points: { show: false } }],
        scales: { y: { distr: 100, fwd: (v) => Math.sqrt(Math.max(0, v)), bwd: (v) => v * v, range: [0, top] } },
        splits: (u) => rootSplits(top, workingDay, u.bbox.height / devicePixelRatio),
        legend: { show: false },
        hooks: { draw: [(u) => dots(() => radius, colour('accent-soft'), colour('accent'))(u, 1), levels(lines, colour)] },
      })}
      data={data}
      workingDay={workingDay}
      durations
      pick={{ words, go: story }}
    >
      <p class="links">
        The longest:{' '}
        {longest.map((v, i) => (
          <span key={`${v.item} ${v.left_unix_nano}`}>
            {i > 0 && ', '}
            <a href={link(address, 'item', [v.item], { stream: answer.value_stream })}>{v.item}</a> <span class="muted">{duration(v.cycle_seconds, workingDay)}</span>
          </span>
        ))}
        {' '}
        <Csv path="visits" query={{ stream: answer.value_stream, stage: answer.stage, window: answer.window, segment, limit: ROWS }} name={`${[answer.value_stream, answer.stage, 'visits', answer.window].filter(Boolean).join('-')}`} />
      </p>
    </Chart>
  )
}

// Where bars begin and end: of one width, which people count in; where most took a small part of what the longest took,
// from each such width to the next, as one width would leave a single bar.
const SKEWED = 10
export function edgesOf(times, most, end, workingDay) {
  const steps = stepsOf(workingDay)
  if (times?.p95 > SKEWED * times?.p50) {
    const inner = steps.filter((s) => s > times.p50 / SKEWED && s < most)
    return [0, ...inner, steps.find((s) => s >= most) ?? most]
  }
  const width = steps.find((step) => end / step <= BARS) ?? end / BARS
  return Array.from({ length: Math.max(1, Math.ceil(end / width)) + 1 }, (_, i) => i * width)
}

// Which bar it falls into; beyond the last one their number.
const barOf = (edges, s) => {
  const i = edges.findIndex((edge) => edge > s)
  return i < 0 ? edges.length - 1 : i - 1
}

export function Histogram({ title, answer, times, sle }) {
  const [ref, width] = useWidth()
  const { visits, working_day_seconds: workingDay } = answer
  const end = 1.05 * Math.max(1, times?.p99 ?? 0, ...sle.map((s) => s.within_seconds))
  const { edges, counts } = useMemo(() => {
    const edges = edgesOf(times, visits.reduce((most, v) => Math.max(most, v.cycle_seconds), 1), end, workingDay)
    const counts = Array(edges.length).fill(0)
    for (const v of visits) counts[barOf(edges, v.cycle_seconds)]++
    return { edges, counts }
  }, [visits, end, workingDay])
  const beyond = counts.at(-1)
  const bars = counts.slice(0, -1)
  const most = Math.max(1, ...bars)
  const step = width / bars.length
  const x = (s) => {
    const i = barOf(edges, s)
    return i >= bars.length ? width : step * (i + (s - edges[i]) / (edges[i + 1] - edges[i]))
  }
  const words = (i) => `between ${duration(edges[i], workingDay)} and ${duration(edges[i + 1], workingDay)}`
  const even = edges[2] === undefined || edges[2] - edges[1] === edges[1]
  const head = 4 + 13 * sle.length
  const lines = times?.count && x(times.p95) - x(times.p50) < NEAR ? 3 : 2 // of names
  const y = (n) => HEIGHT - Math.max(2, ((HEIGHT - head - 10) * n) / most)
  return (
    <figure class="panel chart" ref={ref}>
      <figcaption>
        <b>{title}</b>{' '}
        <span class="muted">
          {`of ${number(visits.length)}; the highest bar: ${number(most)} ${words(bars.indexOf(most))}${even ? '' : '; bars grow wider to the right'}${beyond ? `; ${number(beyond)} took longer than is drawn` : ''}`}
        </span>
      </figcaption>
      {width > 0 && (
        <svg class="spread" width={width} height={HEIGHT + 8 + 13 * lines} role="img" aria-label={`${title} of ${number(visits.length)}: most often ${words(bars.indexOf(most))} (${number(most)})`}>
          {bars.map((n, i) => n > 0 && (
            <rect key={i} class="bar" x={step * i + 0.5} width={Math.max(1, step - 1)} y={y(n)} height={HEIGHT - y(n)}>
              <title>{`${number(n)} ${words(i)}`}</title>
            </rect>
          ))}
          <line class="axis" x1="0" x2={width} y1={HEIGHT} y2={HEIGHT} />
          {times?.count > 0 && ['p50', 'p85', 'p95'].map((name, i) => (
            <g key={name} class="tick">
              <line x1={x(times[name])} x2={x(times[name])} y1={HEIGHT} y2={HEIGHT + 5} />
              <text x={Math.min(Math.max(x(times[name]), 4), width - 4)} y={HEIGHT + 17 + (i % lines) * 13} text-anchor={x(times[name]) > width - 60 ? 'end' : x(times[name]) < 40 ? 'start' : 'middle'}>
                {`${name} ${brief(times[name], workingDay)}`}
              </text>
            </g>
          ))}
          {sle.map((s, i) => (
            <g key={s.name + s.within_seconds} class="expected">
              <line x1={x(s.within_seconds)} x2={x(s.within_seconds)} y1={4 + 13 * i} y2={HEIGHT} />
              <text x={x(s.within_seconds) + (x(s.within_seconds) > width / 2 ? -5 : 5)} y={13 + 13 * i} text-anchor={x(s.within_seconds) > width / 2 ? 'end' : 'start'}>{s.name}</text>
            </g>
          ))}
        </svg>
      )}
    </figure>
  )
}

// Both, or why there is nothing to draw.
export function Finished({ titles, answer, trouble, times, sle, address, segment }) {
  if (!answer) return trouble ? <p class="panel empty" role="alert">{trouble}</p> : <figure class="panel chart loading"><figcaption><b>{titles[0]}</b></figcaption></figure>
  if (!answer.visits.length)
    return (
      <figure class="panel chart">
        <figcaption><b>{titles[0]}</b></figcaption>
        <p class="empty">{times?.count ? `The items of the ${number(times.count)} that left in this window are not held any more.` : 'Nothing has left in this window; a longer one may tell.'}</p>
      </figure>
    )
  return (
    <>
      <Scatter title={titles[0]} answer={answer} times={times} address={address} segment={segment} />
      <Histogram title={titles[1]} answer={answer} times={times} sle={sle} />
    </>
  )
}
