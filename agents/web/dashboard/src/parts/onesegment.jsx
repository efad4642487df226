// One part of a stream alone, stage by stage: region=north. Of a part the daemon keeps its work, counts and times.
import { changed, link } from '../address.js'
import { duration, number } from '../figures.js'
import { useAnswer } from './load.js'
import { Table } from './table.jsx'

function row(node, segment, times, windowName) {
  const window = segment.windows.find((w) => w.window === windowName) ?? segment.windows[0]
  return { id: node.id, name: node.name, whole: node.wip, wip: segment.wip, window, times: window[times], workingDay: node.working_day_seconds }
}

export function OneSegment({ stream, segment, windowName, address }) {
  const { answer, trouble } = useAnswer('snapshot', { stream: stream.id, segment }, { every: 5_000 })
  const whole = answer?.value_streams[0]
  const without = <a href={changed(address, { segment: '' })}>all of it</a>
  if (trouble) return <p class="panel empty" role="alert">{trouble} {without}</p>
  if (!whole) return null
  const has = (node) => node.segments.length > 0
  const stages = whole.stages.filter(has).map((s) => row(s, s.segments[0], 'cycle_time', windowName))
  const rows = has(whole) ? [{ ...row(whole, whole.segments[0], 'lead_time', windowName), id: '' }, ...stages] : stages
  const told = (r, name) => (r.times.count ? duration(r.times[name], r.workingDay) : '–')
  return (
    <Table
      title={`${segment.replace('=', ' = ')}, ${windowName}`}
      rows={rows}
      keyOf={(r) => r.id}
      empty="Nothing of it has been seen."
      columns={[
        {
          title: 'Stage',
          cell: (r) => (r.id ? <a href={link(address, 'items', [], { stream: stream.id, stage: r.id, segment })}>{r.name}</a> : <b>the stream</b>),
        },
        { title: 'In progress', number: true, cell: (r) => <>{number(r.wip)} <span class="muted">of {number(r.whole)}</span></> },
        { title: 'In', number: true, cell: (r) => number(r.id ? r.window.arrivals : r.window.started) },
        { title: 'Out', number: true, cell: (r) => number(r.id ? r.window.departures : r.window.finished) },
        { title: 'p50', number: true, cell: (r) => told(r, 'p50') },
        { title: 'p85', number: true, cell: (r) => told(r, 'p85') },
      ]}
    >
      {without}
    </Table>
  )
}
