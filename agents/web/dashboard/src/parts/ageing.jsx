// What is in a stage, each visit a dot as high as its age, against how long others took: what lies in the upper bands
// takes longer than most, and is what to look at today.
import { useState } from 'preact/hooks'
import { link } from '../address.js'
import { brief, duration, number, waitText } from '../figures.js'
import { useWidth } from './size.js'

const HEIGHT = 300
const FOOT = 26
const LEFT = 58
const STATES = [['queued', 'queued'], ['active', 'active'], ['suspended', 'on hold']]

// Places a dot beside those of its age that are there already, so that all are seen.
function spreadOut(items, y, x0, x1) {
  const bins = new Map()
  return items.map((item) => {
    const bin = Math.round(y(item.in_stage_seconds) / 7)
    const n = bins.get(bin) ?? 0
    bins.set(bin, n + 1)
    const step = 8 * Math.ceil(n / 2) * (n % 2 ? 1 : -1)
    const half = (x1 - x0) / 2 - 6
    return { item, x: (x0 + x1) / 2 + (half > 0 ? ((((step + half) % (2 * half)) + 2 * half) % (2 * half)) - half : 0), y: y(item.in_stage_seconds) }
  })
}

function Dot({ item, x, y }) {
  const { state } = item
  if (state === 'queued') return <rect class="dot queued" x={x - 3} y={y - 3} width="6" height="6" />
  if (state === 'suspended') return <path class="dot suspended" d={`M${x} ${y - 4.4}l4.4 4.4-4.4 4.4-4.4-4.4z`} />
  return <circle class="dot active" cx={x} cy={y} r="3.4" />
}

// The nearest dot to where the pointer is, within a thumb's width.
function nearest(all, event) {
  const box = event.currentTarget.getBoundingClientRect()
  const [px, py] = [event.clientX - box.left, event.clientY - box.top]
  const far = (d) => (d.x - px) ** 2 + (d.y - py) ** 2
  const best = all.reduce((a, b) => (a && far(a) <= far(b) ? a : b), null)
  return best && far(best) < 400 ? best : null
}

// here: the answer to its items, the oldest first.
export function Ageing({ stage, streamId, times, address, here }) {
  const [ref, width] = useWidth()
  const [over, point] = useState(null)
  const { answer, trouble } = here
  const items = answer?.items ?? []
  const day = stage.working_day_seconds
  const top = 1.06 * Math.max(items[0]?.in_stage_seconds ?? 0, ...items.map((i) => i.in_stage_seconds), times?.p95 ?? 0, 1)
  // The root of the age: old ones do not press all others to the ground.
  const y = (seconds) => (HEIGHT - FOOT) * (1 - Math.sqrt(Math.max(0, seconds) / top))
  const lane = Math.max(0, (width - LEFT) / STATES.length)
  const placed = STATES.flatMap(([state], i) => spreadOut(items.filter((item) => item.state === state), y, LEFT + i * lane, LEFT + (i + 1) * lane))
  const bands = times?.count ? [[0, times.p50, 'on pace'], [times.p50, times.p85, 'slow'], [times.p85, times.p95, 'at risk'], [times.p95, top, 'over']] : []
  const more = stage.wip > items.length && answer?.cursor
  return (
    <figure class="panel chart" ref={ref}>
      <figcaption>
        <b>Age of what is here</b>{' '}
        <span class="muted">each dot a visit; bands: p50, p85 and p95 of those that left.{more ? ` The oldest ${number(items.length)} of ${number(stage.wip)}.` : ''}</span>
      </figcaption>
      {trouble && <p class="empty">{trouble}</p>}
      {!answer && !trouble && stage.wip > 0 && <div style={{ height: `${HEIGHT}px` }} />}
      {answer && items.length === 0 && <p class="empty">Nothing is in this stage now.</p>}
      {items.length > 0 && width > 0 && (
        <svg
          class="ageing" width={width} height={HEIGHT} role="img"
          aria-label={`${number(items.length)} visits by age, the oldest ${duration(items[0].in_stage_seconds, day)}`}
          onPointerMove={(event) => point(nearest(placed, event))}
          onPointerLeave={() => point(null)}
          onClick={(event) => {
            const hit = nearest(placed, event)
            if (hit) location.hash = link(address, 'item', [hit.item.item], { stream: streamId })
          }}
        >
          {bands.map(([from, to, name], i) => to > from && (
            <g key={name} class={`band band-${i}`}>
              <rect x={LEFT} y={y(to)} width={Math.max(0, width - LEFT)} height={Math.max(0, y(from) - y(to))} />
            </g>
          ))}
          {bands.slice(1).map(([from, , name], i) => (
            <g key={name} class="tick">
              <line x1={LEFT} x2={width} y1={y(from)} y2={y(from)} class={`limit limit-${i}`} />
              <text x={LEFT - 6} y={y(from) + 4} text-anchor="end">{brief(from, day)}</text>
            </g>
          ))}
          {placed.map((d) => <Dot key={d.item.item} {...d} />)}
          {bands.map(([from, to, name]) => y(from) - y(to) > 13 && <text key={name} class="band-name" x={width - 6} y={y(to) + 13} text-anchor="end">{name}</text>)}
          <line class="axis" x1={LEFT} x2={width} y1={HEIGHT - FOOT} y2={HEIGHT - FOOT} />
          {STATES.map(([state, word], i) => (
            <text key={state} class="lane" x={LEFT + (i + 0.5) * lane} y={HEIGHT - 8} text-anchor="middle">
              {`${word} ${number(stage.untold ? items.filter((item) => item.state === state).length : stage[state])}`}
            </text>
          ))}
          {over && <circle class="over" cx={over.x} cy={over.y} r="7" />}
        </svg>
      )}
      <p class="hover" aria-hidden="true">
        {over
          ? `${over.item.item}: ${duration(over.item.in_stage_seconds, over.item.working_day_seconds)} here${over.item.state === 'suspended' ? `, waits for ${waitText(over.item.party, over.item.reason) || 'an answer'}` : ''}`
          : items.length > 0 ? 'Point at a dot to see which item it is; click for its story.' : ''}
      </p>
      <p class="links"><a href={link(address, 'items', [], { stream: streamId, stage: stage.id, sort: 'pace' })}>As a list, the slowest first</a></p>
    </figure>
  )
}
