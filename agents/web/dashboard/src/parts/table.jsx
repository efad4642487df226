// A table of figures, with the same as CSV. Numbers stand to the right; a wide one scrolls within itself.
import { useState } from 'preact/hooks'
import { saveCsv, saveRows } from '../api.js'
import { useSteps } from './turns.js'

const STEP = 40 // rows drawn at once

// Of a path of the gateway, or of rows that the page has.
export function Csv({ path, query, name, rows }) {
  const [trouble, set] = useState('')
  const save = () => (rows ? saveRows(rows, name) : saveCsv(path, query, name)).then(() => set(''), (problem) => set(problem.message))
  return (
    <span class="csv">
      <button type="button" class="quiet" onClick={save}>CSV</button>
      {trouble && <span role="alert"> {trouble}</span>}
    </span>
  )
}

// columns: [{title, cell(row), number}], key(row): what tells rows apart.
export function Table({ title, columns, rows, keyOf, empty, csv, children }) {
  const drawn = useSteps(rows.length, STEP)
  return (
    <section class="panel">
      <div class="panel-head">
        <h2>{title}</h2>
        {children}
        {csv && rows.length > 0 && <Csv {...csv} />}
      </div>
      {rows.length === 0 ? (
        <p class="empty">{empty}</p>
      ) : (
        <div class="scroll" tabIndex={0} role="region" aria-label={title}>
          <table>
            <thead>
              <tr>{columns.map((c) => <th key={c.title} scope="col" class={c.number ? 'num' : ''}>{c.title}</th>)}</tr>
            </thead>
            <tbody>
              {rows.slice(0, drawn).map((row) => (
                <tr key={keyOf(row)}>{columns.map((c) => <td key={c.title} class={c.number ? 'num' : ''}>{c.cell(row)}</td>)}</tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  )
}
