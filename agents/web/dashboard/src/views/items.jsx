// What is in progress: by age, pace or since when nothing moved it; narrowed by stream, stage, state and segment.
import { useEffect, useState } from 'preact/hooks'
import { changed, link } from '../address.js'
import { get } from '../api.js'
import { duration, number, shortTime, waitText } from '../figures.js'
import { SegmentSelect } from '../parts/head.jsx'
import { useAnswer } from '../parts/load.js'
import { Table } from '../parts/table.jsx'

const PAGE = 100
const SORTS = [['age', 'the oldest first'], ['pace', 'the slowest of their stage first'], ['last', 'unmoved for longest']]
const STATES = [['', 'any state'], ['queued', 'queued'], ['active', 'active'], ['suspended', 'on hold'], ['between', 'between stages']]

function Choice({ name, value, options, address, clears = [] }) {
  const change = (event) => {
    const cleared = Object.fromEntries(clears.map((key) => [key, '']))
    location.hash = changed(address, { ...cleared, [name]: event.target.value })
  }
  return (
    <label>
      <span class="label">{name}</span>
      <select name={name} value={value} onChange={change}>
        {options.map(([id, word]) => <option key={id} value={id}>{word}</option>)}
      </select>
    </label>
  )
}

const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1)

function Due({ due, now }) {
  if (!due) return ''
  return due < now ? <b class="late-text">overdue since {shortTime(due)}</b> : shortTime(due)
}

const PACES = { on_pace: 'on pace', slow: 'slow', at_risk: 'at risk', over: 'over' }

export function ItemsView({ address, live }) {
  const { stream = '', stage = '', state = '', sort = 'age', segment = '' } = address.query
  const query = { stream, stage, state, sort, segment: stream ? segment : '', limit: PAGE }
  const { answer, trouble } = useAnswer('items', query)
  const [more, setMore] = useState({ key: '', items: [], cursor: '' })
  const key = JSON.stringify(query)
  useEffect(() => setMore({ key, items: [], cursor: '' }), [key])
  const streams = live.snapshot?.value_streams ?? []
  const here = streams.find((s) => s.id === stream)
  const names = (row) => streams.find((s) => s.id === row.value_stream)?.stages.find((s) => s.id === row.stage)?.name ?? row.stage
  const rows = [...(answer?.items ?? []), ...(more.key === key ? more.items : [])]
  const cursor = (more.key === key && more.items.length ? more.cursor : answer?.cursor) ?? ''
  // A page may be empty while there is more behind it, as the daemon looks at so many only.
  const next = async () => {
    const page = await get('items', { ...query, cursor })
    setMore({ key, items: [...(more.key === key ? more.items : []), ...page.items], cursor: page.cursor })
  }
  const now = live.snapshot?.time_unix_nano ?? 0
  return (
    <>
      <div class="view-head"><h1>Items in progress</h1></div>
      <form class="filters panel" onSubmit={(event) => event.preventDefault()}>
        <Choice name="stream" value={stream} address={address} clears={['stage', 'segment']} options={[['', 'all streams'], ...streams.map((s) => [s.id, s.name])]} />
        <Choice name="stage" value={stage} address={address} options={[['', here ? 'all stages' : 'choose a stream first'], ...(here?.stages ?? []).map((s) => [s.id, s.name])]} />
        <Choice name="state" value={state} address={address} options={STATES} />
        <Choice name="sort" value={sort} address={address} options={SORTS} />
        {stream && <SegmentSelect address={address} streamId={stream} />}
      </form>
      {trouble && <p class="panel empty" role="alert">{trouble}</p>}
      {answer && (
        <Table
          title={capital(SORTS.find(([id]) => id === sort)?.[1] ?? sort)}
          rows={rows}
          keyOf={(r) => `${r.value_stream} ${r.item} ${r.stage}`}
          empty={cursor ? 'Among those looked at so far nothing fits.' : 'Nothing in progress fits. Widen the choice above.'}
          csv={{ path: 'items', query: { ...query, limit: 1000 }, name: 'items' }}
          columns={[
            { title: 'Item', cell: (r) => <a href={link(address, 'item', [r.item], { stream: r.value_stream })}>{r.item}</a> },
            { title: 'Stream', cell: (r) => r.value_stream },
            { title: 'Stage', cell: (r) => (r.stage ? <a href={link(address, 'stream', [r.value_stream, r.stage])}>{names(r)}</a> : <span class="muted">between stages</span>) },
            { title: 'State', cell: (r) => <><i class={`swatch ${r.state}`} /> {r.state === 'suspended' ? 'on hold' : r.state}</> },
            { title: 'In stage', number: true, cell: (r) => duration(r.in_stage_seconds, r.working_day_seconds) },
            { title: 'Age', number: true, cell: (r) => duration(r.age_seconds, r.age_working_day_seconds) },
            { title: 'Pace', cell: (r) => (r.pace ? <span class={`pace ${r.pace}`}>{PACES[r.pace] ?? r.pace}, {r.pace_percentile} %</span> : '') },
            { title: 'Waits for', cell: (r) => waitText(r.party, r.reason) },
            { title: 'Due', cell: (r) => <Due due={r.due_unix_nano} now={now} /> },
          ]}
        >
          <span class="muted">{number(rows.length)} shown</span>
        </Table>
      )}
      {cursor && <p class="links"><button type="button" onClick={next}>Show more</button></p>}
    </>
  )
}
