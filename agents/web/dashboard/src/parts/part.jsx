// What is told of one part of a stream or stage, and what is not.
import { changed } from '../address.js'
import { number } from '../figures.js'
import { judge } from '../judge.js'
import { narrowed, withItems } from '../narrow.js'
import { partSentence } from '../words.js'
import { useAnswer } from './load.js'

export const partName = (segment) => segment.replace('=', ' = ')

// Of one stream, or streamId '': of all that have it. Without a segment nothing is asked for.
export const usePart = (streamId, segment) => useAnswer(segment ? 'snapshot' : '', { stream: streamId, segment }, { every: 5_000 })

// Its items, of one stage or of all: as many as one answer holds.
export const ITEMS_MOST = 1000
export const useItems = (streamId, stageId, segment) =>
  useAnswer(streamId ? 'items' : '', { stream: streamId, stage: stageId, segment, sort: 'age', limit: ITEMS_MOST })

// As judge() has it, but nobody knows of a part whether it flows: alerts are of the whole.
export function judgePart(stream, answer, wanted, items) {
  const part = withItems(narrowed(stream, answer), items)
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

// In the place of what the daemon keeps of the whole alone.
export const OfTheWhole = ({ title, segment, address }) => (
  <section class="panel untold">
    <h2>{title}</h2>
    <p class="empty">
      Not known of {partName(segment)}: the daemon keeps this of the whole alone. <a href={changed(address, { segment: '' })}>All of it</a>
    </p>
  </section>
)

export const OfTheWholeAlone = ({ titles, segment, address }) => (
  <div class="charts">{titles.map((title) => <OfTheWhole key={title} title={title} segment={segment} address={address} />)}</div>
)

// Where a part has more items than one answer holds.
export const Untold = ({ segment }) => (
  <p class="empty">How the work of {partName(segment)} stands, how old it is and what it waits for is told up to {number(ITEMS_MOST)} items; there are more.</p>
)
