// A stream in the width of a thumb: a bar for each stage, as high as work piles up in it, marked where it goes wrong.
import { LEVEL_WORDS } from '../words.js'
import { number } from '../figures.js'

const HEIGHT = 40
const STEP = 18
const MOST = 260 // beyond some stages the bars become thinner

export function Strip({ judged }) {
  const { stages } = judged
  const most = Math.max(1, ...stages.map((s) => s.stage.wip))
  const step = Math.min(STEP, MOST / stages.length)
  const name = stages.map((s) => `${s.stage.name} ${number(s.stage.wip)}, ${LEVEL_WORDS[s.level].toLowerCase()}`).join('; ')
  return (
    <svg class="strip" width={step * stages.length} height={HEIGHT + 10} role="img" aria-label={`In progress by stage: ${name}`}>
      {stages.map((s, i) => {
        const height = s.stage.wip > 0 ? Math.max(3, (HEIGHT - 4) * Math.sqrt(s.stage.wip / most)) : 1.5
        return (
          <g key={s.stage.id} class={s.level}>
            <title>{`${s.stage.name}: ${number(s.stage.wip)} in progress, ${LEVEL_WORDS[s.level].toLowerCase()}`}</title>
            <rect x={i * step + 1} y={HEIGHT - height} width={step - 3} height={height} rx="1.5" />
            {s.level === 'still' && <rect x={i * step + 1} y={HEIGHT + 4} width={step - 3} height="5" />}
            {s.level === 'late' && <path d={`M${i * step + step / 2 - 1} ${HEIGHT + 3}l4 6h-8z`} />}
            {s.level === 'blind' && <circle cx={i * step + step / 2 - 1} cy={HEIGHT + 6.5} r="2.4" fill="none" stroke="currentColor" />}
          </g>
        )
      })}
    </svg>
  )
}
