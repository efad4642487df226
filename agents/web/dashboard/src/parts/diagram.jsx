// The value stream as the architects drew it, with what is in it now. Over the drawn arrows lie the ways that items
// really took: back for rework (dashed), past a stage (dotted). Width says how many.
import { useMemo } from 'preact/hooks'
import { brief, number } from '../figures.js'
import { COLUMN_WIDTH, layout } from '../layout.js'
import { Box } from './box.jsx'
import { PileKey } from './pile.jsx'
import { pure } from './pure.js'
import { useWidth } from './size.js'
import { useLater, useSteps } from './turns.js'

const BOX_HEIGHT = 206
const COLUMN_BOX_HEIGHT = 142 // where boxes are as wide as the page, their text needs fewer lines
const COLUMN_OUTCOME_HEIGHT = 70 // the last box there (style.css)
const STEP = 12 // boxes at once
const MANY = 20 // of so many boxes those out of view are not laid out
const OUTCOME = '(outcome)'
const OBSERVED = ['back', 'repeat', 'skip', 'across']
const KIND_WORDS = { drawn: '', back: 'back: rework', repeat: 'again: rework', skip: 'skipped what lies between', across: 'across' }

const shown = (edge) => edge.kind === 'drawn' || (OBSERVED.includes(edge.kind) && edge.count > 0)

// Before the edges are known: the stages in their order.
const plain = (ids) => ids.slice(1).map((to, i) => ({ from: ids[i], to, kind: 'drawn', count: 0, handover_time: null }))

function strokeWidth(count, most) {
  return count > 0 ? 1.5 + 6.5 * Math.sqrt(count / most) : 1.2
}

const Ways = pure(({ ways, most, names, width, height }) => (
  <svg class="ways" width={width} height={height} viewBox={`0 0 ${width} ${height}`} aria-hidden="true">
    <defs>
      {['drawn', 'back', 'skip'].map((kind) => (
        <marker key={kind} id={`head-${kind}`} viewBox="0 0 8 8" refX="7" refY="4" markerWidth="9" markerHeight="9" markerUnits="userSpaceOnUse" orient="auto-start-reverse">
          <path class={`tip ${kind}`} d="M0 0 8 4 0 8z" />
        </marker>
      ))}
    </defs>
    {ways.filter((w) => !w.hidden).map(({ edge, path }) => (
      <path
        key={`${edge.from} ${edge.to}`}
        class={`way ${edge.kind}`}
        d={path}
        stroke-width={strokeWidth(edge.count, most)}
        marker-end={`url(#head-${edge.kind === 'drawn' ? 'drawn' : edge.kind === 'skip' || edge.kind === 'across' ? 'skip' : 'back'})`}
      >
        <title>{wayWords(edge, names)}</title>
      </path>
    ))}
    {ways.filter((w) => !w.hidden && w.edge.count > 0).map(({ edge, x, y }) => (
      <text key={`${edge.from} ${edge.to}`} class={`way-count ${edge.kind}`} x={x} y={y + 4} text-anchor="middle">
        {number(edge.count)}
      </text>
    ))}
  </svg>
))

function wayWords(edge, names) {
  const wait = edge.handover_time?.count ? `, p85 ${brief(edge.handover_time.p85, edge.working_day_seconds)} between` : ''
  const kind = KIND_WORDS[edge.kind] ? ` (${KIND_WORDS[edge.kind]})` : ''
  return `${names(edge.from)} → ${names(edge.to)}: ${number(edge.count)}${wait}${kind}`
}

// What is beside the drawing, in words: for those who do not see it, and where there is no room for arrows.
function Beside({ edges, names }) {
  const beside = edges.filter((e) => OBSERVED.includes(e.kind) && e.count > 0)
  const gone = edges.filter((e) => e.kind === 'withdrawn' && e.count > 0)
  if (!beside.length && !gone.length) return null
  const left = gone.reduce((n, e) => n + e.count, 0)
  return (
    <p class="beside muted">
      {beside.length > 0 && <>Beside the drawing: {beside.map((e) => wayWords(e, names)).join('; ')}. </>}
      {left > 0 && <>Withdrawn: {number(left)}, most from {names(gone.reduce((a, b) => (b.count > a.count ? b : a)).from)}.</>}
    </p>
  )
}

export function Diagram({ judged, edges: newest, address, now, legend = true }) {
  const [ref, width] = useWidth()
  const edges = useLater(newest)
  const { stream, stages } = judged
  const drawn = useSteps(stages.length, STEP, 0) // several diagrams may appear at once
  const column = width < COLUMN_WIDTH
  const height = column ? COLUMN_BOX_HEIGHT : BOX_HEIGHT
  const below = column ? COLUMN_BOX_HEIGHT - COLUMN_OUTCOME_HEIGHT : 0
  const outcome = edges?.outcome || 'Outcome'
  const key = stages.map((s) => s.stage.id).join(' ')
  const placed = useMemo(() => {
    const ids = [...stages.map((s) => s.stage.id), OUTCOME]
    return width > 0 ? layout(ids, edges ? edges.edges.filter(shown) : plain(ids), width, height) : null
  }, [key, edges, width])
  const names = (id) => (id === OUTCOME ? outcome : (stages.find((s) => s.stage.id === id)?.stage.name ?? id))
  const most = Math.max(1, ...stages.map((s) => s.stage.wip))
  const mostWays = Math.max(1, ...(edges?.edges ?? []).filter(shown).map((e) => e.count))
  return (
    <div>
      <div class={`diagram${column ? ' column' : ''}${stages.length > MANY ? ' many' : ''}`} ref={ref} style={{ height: placed ? `${placed.height - below}px` : '160px' }}>
        {placed && (
          <>
            <Ways ways={placed.ways} most={mostWays} names={names} width={placed.width} height={placed.height} />
            <ol>
              {stages.slice(0, drawn).map((s) => (
                <li key={s.stage.id} style={spot(placed, s.stage.id)}>
                  <Box judged={s} streamId={stream.id} address={address} most={most} now={now} />
                </li>
              ))}
              <li class="outcome" style={{ ...spot(placed, OUTCOME), width: `${placed.outcomeWidth}px` }}>
                <span>{outcome}</span>
                {judged.window && <b>{number(judged.window.finished)}</b>}
                {judged.window && <span class="muted">in {judged.windowName}</span>}
              </li>
            </ol>
          </>
        )}
      </div>
      {legend && <Legend />}
      {edges && <Beside edges={edges.edges} names={names} />}
    </div>
  )
}

export const Legend = () => (
  <p class="legend muted">
    <span><b>number</b>: in progress</span>
    <PileKey />
    <span><i class="line drawn" /> as drawn, with how many went</span>
    <span><i class="line back" /> back: rework</span>
    <span><i class="line skip" /> skipped</span>
    <span>times: p50 and p85 of those that left, against what is expected (upright line)</span>
  </p>
)

function spot(placed, id) {
  const box = placed.boxes.get(id)
  return { left: `${box.x}px`, top: `${box.y}px`, width: `${placed.boxWidth}px`, height: `${placed.boxHeight}px` }
}
