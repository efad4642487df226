// The figures by the values of an attribute: is it everywhere the same?
import { link } from '../address.js'
import { duration, number } from '../figures.js'
import { useAnswer } from './load.js'
import { Table } from './table.jsx'

export function Segments({ stream, stageId, windowName, address }) {
  const { answer } = useAnswer('snapshot', { stream: stream.id, segments: 'true' }, { every: 30_000 })
  const [whole] = answer?.value_streams ?? []
  const { segments = [] } = (stageId ? whole?.stages.find((s) => s.id === stageId) : whole) ?? {}
  if (!segments.length) return null
  const days = (stageId ? whole.stages.find((s) => s.id === stageId) : whole).working_day_seconds
  const rows = segments.map((segment) => ({ segment, window: segment.windows.find((w) => w.window === windowName) ?? segment.windows[0] }))
  const times = (w) => (stageId ? w.cycle_time : w.lead_time)
  const p = (w, name) => (times(w).count ? duration(times(w)[name], days) : '–')
  const first = (i) => i === 0 || rows[i - 1].segment.attribute !== rows[i].segment.attribute
  return (
    <Table
      title={`By segment, ${windowName}`}
      rows={rows.map((r, i) => ({ ...r, first: first(i) }))}
      keyOf={(r) => `${r.segment.attribute}=${r.segment.value}`}
      csv={{ path: 'snapshot', query: { stream: stream.id, segments: 'true' }, name: `${stream.id}-segments` }}
      columns={[
        { title: 'Attribute', cell: (r) => (r.first ? r.segment.attribute : '') },
        {
          title: 'Value',
          cell: (r) => <a href={link(address, 'stream', [stream.id], { segment: `${r.segment.attribute}=${r.segment.value}` })}>{r.segment.value}</a>,
        },
        { title: 'In progress', number: true, cell: (r) => number(r.segment.wip) },
        { title: 'In', number: true, cell: (r) => number(stageId ? r.window.arrivals : r.window.started) },
        { title: 'Out', number: true, cell: (r) => number(stageId ? r.window.departures : r.window.finished) },
        { title: 'p50', number: true, cell: (r) => p(r.window, 'p50') },
        { title: 'p85', number: true, cell: (r) => p(r.window, 'p85') },
      ]}
    />
  )
}
