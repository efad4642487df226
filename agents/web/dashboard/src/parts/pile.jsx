// Work in progress as a bar: its length says how much, its patterns how it stands. Queued is hatched, active is full,
// on hold is dotted.
import { number } from '../figures.js'

export const PARTS = [
  ['queued', 'queued'],
  ['active', 'active'],
  ['suspended', 'on hold'],
]

export const pileWords = (stage) =>
  PARTS.filter(([key]) => stage[key] > 0)
    .map(([key, word]) => `${number(stage[key])} ${word}`)
    .join(', ')

export function Pile({ stage, most }) {
  const width = most > 0 ? Math.max(stage.wip > 0 ? 3 : 0, (100 * stage.wip) / most) : 0
  return (
    <div class="pile" aria-hidden="true">
      <div class="pile-work" style={{ width: `${width}%` }}>
        {stage.untold && <i class="active" style={{ flexGrow: 1 }} />}
        {PARTS.map(([key]) => stage[key] > 0 && <i key={key} class={key} style={{ flexGrow: stage[key] }} />)}
      </div>
    </div>
  )
}

export const PileKey = () => (
  <span class="key">
    {PARTS.map(([key, word], i) => (
      <span key={key}>
        {i > 0 && '· '}
        <i class={`swatch ${key}`} /> {word}
      </span>
    ))}
  </span>
)
