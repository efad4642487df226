// Events that no rule reads, each with a rule to begin with; and what was refused, and why.
import { useState } from 'preact/hooks'
import { number, time } from '../figures.js'
import { useAnswer } from '../parts/load.js'
import { Table } from '../parts/table.jsx'
import { rule } from '../rule.js'

function Rule({ text }) {
  const [said, say] = useState('')
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text)
      say('copied')
    } catch {
      say('select it by hand') // without a secure context there is no clipboard
    }
  }
  return (
    <div class="rule">
      <code>{text}</code>
      <button type="button" class="quiet" onClick={copy}>Copy</button>
      <span role="status">{said}</span>
    </div>
  )
}

export function UnmappedView({ live }) {
  const unmapped = useAnswer('unmapped', {})
  const rejected = useAnswer('rejected', {})
  const stages = (live.snapshot?.value_streams ?? []).flatMap((s) => s.stages.map((stage) => ({ stream: s.id, stage: stage.id })))
  return (
    <>
      <div class="view-head"><h1>Events that nothing reads</h1></div>
      <p class="panel">
        A rule under <code>mappings:</code> says which stage an event is about. Put in the right stage and lifecycle, try it with <code>vsm try FILE.jsonl --config FILE</code>,
        and take it into use with <code>vsm reload</code>; <code>ignore: true</code> instead of a stage says that it is of no interest (docs/mapping.md).
      </p>
      {unmapped.trouble && <p class="panel empty" role="alert">{unmapped.trouble}</p>}
      {unmapped.answer && (
        <Table
          title="Unmapped"
          rows={unmapped.answer.unmapped}
          keyOf={(u) => `${u.source} ${u.type}`}
          empty="Every event that came is read by a rule, or ignored by one."
          csv={{ path: 'unmapped', query: {}, name: 'unmapped' }}
          columns={[
            { title: 'Source', cell: (u) => u.source },
            { title: 'Type', cell: (u) => <code>{u.type}</code> },
            { title: 'Events', number: true, cell: (u) => number(u.count) },
            { title: 'Last', cell: (u) => time(u.last_unix_nano) },
            { title: 'A rule to begin with', cell: (u) => <Rule text={rule(u, stages)} /> },
          ]}
        />
      )}
      {rejected.answer && (
        <Table
          title="Refused"
          rows={rejected.answer.rejected}
          keyOf={(r) => `${r.source} ${r.type} ${r.reason}`}
          empty="No event was refused."
          csv={{ path: 'rejected', query: {}, name: 'rejected' }}
          columns={[
            { title: 'Source', cell: (r) => r.source },
            { title: 'Type', cell: (r) => <code>{r.type}</code> },
            { title: 'Reason', cell: (r) => <code>{r.reason}</code> },
            { title: 'Detail of the newest', cell: (r) => r.detail },
            { title: 'Events', number: true, cell: (r) => number(r.count) },
          ]}
        />
      )}
    </>
  )
}
