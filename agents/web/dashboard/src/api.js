// The gateway's API. Every failure is a Problem with a sentence that a person can act on.

export class Problem extends Error {
  constructor(status, text) {
    super(text)
    this.status = status // of HTTP; 0: nobody answered
  }
}

// A page that hangs tells nothing: longer than the gateway waits for the daemon.
const DEADLINE_MS = 12_000

export function url(path, query = {}) {
  const text = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== '' && value != null)).toString()
  return `/api/v1/${path}${text ? `?${text}` : ''}`
}

async function ask(address, options = {}) {
  let answer
  try {
    answer = await fetch(address, { ...options, signal: AbortSignal.timeout(DEADLINE_MS) })
  } catch {
    throw new Problem(0, 'The gateway does not answer: is vsm-web running, and the network up?')
  }
  if (answer.ok) return answer
  if (answer.status === 401) location.assign('/login') // where a token is asked for, and was given too long ago
  const problem = await answer.json().catch(() => ({}))
  throw new Problem(answer.status, problem.detail || problem.title || `the gateway answered ${answer.status}`)
}

export const get = async (path, query) => (await ask(url(path, query))).json()

export const post = async (path, body) =>
  (await ask(url(path), { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })).json()

export const remove = (path) => ask(url(path), { method: 'DELETE' })

function saveBlob(blob, name) {
  const href = URL.createObjectURL(blob)
  const anchor = document.createElement('a')
  anchor.href = href
  anchor.download = `${name}.csv`
  anchor.click()
  setTimeout(() => URL.revokeObjectURL(href), 1000)
}

// As the gateway writes tables: columns are the names of the fields, those of an object inside as mark.by; a text that a
// spreadsheet would take for a formula has a ' in front.
const cells = (row, prefix = '') =>
  Object.entries(row).flatMap(([name, value]) => (value && typeof value === 'object' ? cells(value, `${prefix}${name}.`) : [[prefix + name, value]]))
const cell = (value) => {
  if (typeof value !== 'string') return String(value)
  const formula = /^[=+\-@\t\r]/.test(value)
  return formula || /[",\r\n]/.test(value) ? `"${formula ? "'" : ''}${value.replaceAll('"', '""')}"` : value
}
export const csvOf = (rows) => [cells(rows[0]).map(([name]) => name), ...rows.map((row) => cells(row).map(([, value]) => cell(value)))].map((line) => `${line.join(',')}\r\n`).join('')

// Of rows that the page has, where the gateway has no table of them.
export const saveRows = async (rows, name) => saveBlob(new Blob([csvOf(rows)], { type: 'text/csv' }), name)

// The same table for a spreadsheet. A link cannot ask for a type, so the file is fetched first.
export async function saveCsv(path, query, name) {
  const answer = await ask(url(path, query), { headers: { accept: 'text/csv' } })
  if (!answer.headers.get('content-type')?.startsWith('text/csv')) throw new Problem(answer.status, 'The gateway has no CSV of this.')
  saveBlob(await answer.blob(), name)
}
