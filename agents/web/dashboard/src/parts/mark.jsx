// The mark of a level: a shape of its own each, so that colour is never alone.
import { LEVEL_WORDS } from '../words.js'

const SHAPES = {
  still: <path d="M4.6 1h6.8L15 4.6v6.8L11.4 15H4.6L1 11.4V4.6z" />,
  blind: <circle cx="8" cy="8" r="6.2" fill="none" stroke="currentColor" stroke-width="2.4" stroke-dasharray="3.2 2.4" />,
  late: <path d="M8 1.2 15.4 14.6H.6z" />,
  flowing: <circle cx="8" cy="8" r="6.6" />,
  idle: <circle cx="8" cy="8" r="5.4" fill="none" stroke="currentColor" stroke-width="1.6" />,
}
const SIGNS = { still: 'M5 8h6', late: 'M8 5.8v4M8 11.4v1.4', flowing: 'M5 8.2l2.2 2.2L11.2 6' }

export function Mark({ level, size = 16, named = false }) {
  const name = named ? { role: 'img', 'aria-label': LEVEL_WORDS[level] } : { 'aria-hidden': 'true' }
  return (
    <svg class={`mark ${level}`} viewBox="0 0 16 16" width={size} height={size} {...name}>
      {SHAPES[level]}
      {SIGNS[level] && <path class="sign" d={SIGNS[level]} />}
    </svg>
  )
}
