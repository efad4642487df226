// The systems that send events: when each was last heard, how much it sends now, what became of it, what is missing.
import { duration, ms, number, percent, time } from '../figures.js'
import { counts } from '../judge.js'
import { useAnswer } from '../parts/load.js'
import { Mark } from '../parts/mark.jsx'
import { Table } from '../parts/table.jsx'

// A source was last heard by the clock of the daemon's machine, whatever clock its events have.
// A rate is that of the last quarter of an hour, by the daemon's now; usual is what came in such a quarter while the
// source sent anything. Below a third of that it is worth a look; none at all is said by the last event and its alert.
const SLOW = 1 / 3
const isSlow = (s) => s.usual_per_minute > 0 && s.per_minute > 0 && s.per_minute < SLOW * s.usual_per_minute

const rate = (n) => (n > 0 && n < 9.95 ? n.toFixed(1) : number(Math.round(n)))

function Beside({ source }) {
  if (isSlow(source)) return <b class="late-text">slower</b>
  return source.usual_per_minute > 0 && source.per_minute === 0 ? <span class="muted">none</span> : ''
}

const refusedShare = (s) => (s.received ? (s.unmapped + s.rejected) / s.received : 0)

export function SourcesView({ live }) {
  const { answer, trouble } = useAnswer('sources', {}, { every: 5_000 })
  const silent = new Map(live.alerts.filter((a) => a.kind === 'source_silent' && counts(a)).map((a) => [a.source, a]))
  const gone = [...silent.keys()].filter((id) => answer && !answer.sources.some((s) => s.source === id))
  const rows = [...gone.map((source) => ({ source, received: 0, per_minute: 0, usual_per_minute: 0, last_unix_nano: 0, unmapped: 0, rejected: 0, gaps: 0 })), ...(answer?.sources ?? [])]
  rows.sort((a, b) => silent.has(b.source) - silent.has(a.source) || a.source.localeCompare(b.source))
  return (
    <>
      <div class="view-head"><h1>Sources</h1></div>
      {trouble && <p class="panel empty" role="alert">{trouble}</p>}
      {answer && (
        <Table
          title="What each system sends"
          rows={rows}
          keyOf={(s) => s.source}
          empty="Nothing has sent an event yet. docs/wire.md says how a system does; `vsm emit` sends one by hand."
          csv={{ path: 'sources', query: {}, name: 'sources' }}
          columns={[
            { title: 'Source', cell: (s) => <><Mark level={silent.has(s.source) ? 'blind' : 'flowing'} /> {s.source}{silent.has(s.source) && <b> silent</b>}</> },
            { title: 'Last event', cell: (s) => (s.last_unix_nano ? <>{duration((Date.now() - ms(s.last_unix_nano)) / 1000)} ago <span class="muted wide">{time(s.last_unix_nano)}</span></> : 'never') },
            { title: 'A minute', number: true, cell: (s) => rate(s.per_minute) },
            { title: 'Usually', number: true, cell: (s) => (s.usual_per_minute > 0 ? rate(s.usual_per_minute) : <span class="muted">not known yet</span>) },
            { title: 'Now', cell: (s) => <Beside source={s} /> },
            { title: 'Received', number: true, cell: (s) => number(s.received) },
            { title: 'Repeated', number: true, cell: (s) => number(s.duplicates) },
            { title: 'Unmapped', number: true, cell: (s) => (s.unmapped ? <a href="#/unmapped">{number(s.unmapped)}</a> : 0) },
            { title: 'Refused', number: true, cell: (s) => number(s.rejected) },
            { title: 'Unmapped or refused', number: true, cell: (s) => percent(refusedShare(s), 1) },
            { title: 'Gaps', number: true, cell: (s) => (s.gaps ? <b class="late-text">{number(s.gaps)}</b> : 0) },
            { title: 'Delay p95', number: true, cell: (s) => (s.delay_p95_seconds ? duration(s.delay_p95_seconds) : '–') },
          ]}
        />
      )}
    </>
  )
}
