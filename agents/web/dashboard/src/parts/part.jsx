// What is told of one part of a stream or stage, and what is not.
import { changed } from '../address.js'
import { judge } from '../judge.js'
import { narrowed } from '../narrow.js'
import { partSentence } from '../words.js'
import { useAnswer } from './load.js'

export const partName = (segment) => segment.replace('=', ' = ')

// Of one stream, or streamId '': of all that have it. Without a segment nothing is asked for.
export const usePart = (streamId, segment) => useAnswer(segment ? 'snapshot' : '', { stream: streamId, segment }, { every: 5_000 })

// As judge() has it, but nobody knows of a part whether it flows: alerts are of the whole.
export function judgePart(stream, answer, wanted) {
  const part = narrowed(stream, answer)
  if (!part) return null
  const judged = judge(part, { alerts: [], bottleneck: null, wanted })
  return { ...judged, level: 'part', stages: judged.stages.map((s) => ({ ...s, level: 'part' })) }
}

// What went along the arrows is known of the whole alone.
export const drawnOnly = (edges) => edges && { ...edges, edges: edges.edges.filter((e) => e.kind === 'drawn').map((e) => ({ ...e, count: 0 })) }

// text: of a stage; without, it is of the stream.
export function PartLine({ segment, trouble, judged, address, text }) {
  const whole = <a href={changed(address, { segment: '' })}>All of it</a>
  if (trouble) return <p class="panel empty" role="alert">{trouble} {whole}</p>
  if (!judged) return <p class="verdict-line"><b class="verdict">{partName(segment)}</b> …</p>
  return <p class="verdict-line part"><b class="verdict">{partName(segment)}.</b> {text ?? partSentence(judged)} {whole}</p>
}

export const PartNote = ({ segment, left, address }) => (
  <p class="panel empty">
    Of {partName(segment)} the daemon keeps its work, counts and times. {left} are of the whole: <a href={changed(address, { segment: '' })}>all of it</a>.
  </p>
)
