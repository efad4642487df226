// Alerts, each with its sentence, and what can be said to it: nobody is called for a time (silence), or somebody sees
// to it (acknowledge).
import { useState } from 'preact/hooks'
import { link } from '../address.js'
import { post } from '../api.js'
import { duration, number, plural, time } from '../figures.js'
import { askAlerts } from '../live.js'
import { useSteps } from './turns.js'

const TIMES = [['3600', '1 hour'], ['14400', '4 hours'], ['28800', '8 hours'], ['86400', '1 day'], ['259200', '3 days'], ['604800', '1 week']]
const STEP = 20 // rows drawn at once
const NAME_KEY = 'vsm-name'

// Where storage is off, the name is asked for each time.
function remembered() {
  try {
    return localStorage.getItem(NAME_KEY) ?? ''
  } catch {
    return ''
  }
}

function remember(name) {
  try {
    localStorage.setItem(NAME_KEY, name)
  } catch {
    // not kept then
  }
}

export function Severity({ severity, state }) {
  return <span class={`severity ${severity} ${state}`}>{state === 'firing' ? severity : state}</span>
}

// what: 'silence' or 'ack'
function Order({ alert, what, done }) {
  const [trouble, set] = useState('')
  const [busy, work] = useState(false)
  const send = async (event) => {
    event.preventDefault()
    const form = new FormData(event.target)
    const by = form.get('by').trim()
    remember(by)
    work(true)
    try {
      const body = { by, why: form.get('why').trim() }
      if (what === 'silence') body.for_seconds = Number(form.get('for'))
      await post(`alerts/${encodeURIComponent(alert.id)}/${what}`, body)
      await askAlerts()
      done()
    } catch (problem) {
      set(problem.message)
      work(false)
    }
  }
  return (
    <form class="order" onSubmit={send} onKeyDown={(event) => event.key === 'Escape' && done()}>
      <label>Your name <input name="by" required maxLength="64" defaultValue={remembered()} autoFocus /></label>
      <label>Why <input name="why" required maxLength="200" placeholder={what === 'silence' ? 'storm, crews are diverted' : 'on it'} /></label>
      {what === 'silence' && (
        <label>For <select name="for">{TIMES.map(([seconds, name]) => <option key={seconds} value={seconds}>{name}</option>)}</select></label>
      )}
      <button type="submit" disabled={busy}>{what === 'silence' ? 'Silence' : 'Acknowledge'}</button>
      <button type="button" class="quiet" onClick={done}>Cancel</button>
      {trouble && <p role="alert">{trouble}</p>}
    </form>
  )
}

function Items({ alert, address }) {
  if (!alert.items.length) return null
  return (
    <p class="alert-items">
      {alert.items.map((item, i) => (
        <span key={item.item}>
          {i > 0 && ', '}
          <a href={link(address, 'item', [item.item], { stream: alert.value_stream })}>{item.item}</a>{' '}
          <span class="muted">{duration(item.age_seconds, alert.age_working_day_seconds)}</span>
        </span>
      ))}
      {alert.count > alert.items.length && <span class="muted"> and {number(alert.count - alert.items.length)} more</span>}
      {alert.newest_count > 0 && <span class="muted">; {number(alert.newest_count)} of them stalled in the last 24 h</span>}
    </p>
  )
}

const where = (alert, address) => (alert.value_stream ? link(address, 'stream', [alert.value_stream, alert.stage].filter(Boolean)) : link(address, 'sources', []))

export function AlertRow({ alert, address, open = false }) {
  const [order, begin] = useState('')
  const [shown, show] = useState(open)
  const over = alert.state === 'resolved'
  return (
    <li class={`alert ${alert.severity} ${alert.state}`} data-alert={alert.id}>
      <div class="alert-line">
        <Severity severity={alert.severity} state={alert.state} />
        <p>
          <Sentence alert={alert} address={address} /> {alert.silenced && <span class="muted">Silenced: {alert.silenced}. </span>}
          {alert.acknowledged && <span class="muted">Acknowledged: {alert.acknowledged}{alert.unacknowledged > 0 && `; ${plural(alert.unacknowledged, 'item')} joined since`}. </span>}
          {alert.inhibited_by && <b>Not sure: {alert.inhibited_by} is silent. </b>}
        </p>
        <div class="alert-do">
          <button type="button" class="quiet" aria-expanded={shown} onClick={() => show(!shown)}>{shown ? 'Less' : 'More'}</button>
          {!over && <button type="button" onClick={() => begin(order === 'ack' ? '' : 'ack')}>Acknowledge</button>}
          {!over && <button type="button" onClick={() => begin(order === 'silence' ? '' : 'silence')}>Silence</button>}
        </div>
      </div>
      {order && <Order key={order} alert={alert} what={order} done={() => begin('')} />}
      {shown && (
        <div class="alert-more">
          <Items alert={alert} address={address} />
          <dl class="facts">
            <div><dt>Alert</dt><dd><code>{alert.id}</code></dd></div>
            <div><dt>Rule</dt><dd><code>{alert.rule}</code></dd></div>
            <div><dt>Since</dt><dd>{time(alert.since_unix_nano)}</dd></div>
            <div><dt>{over ? 'Ended by' : 'Ends when'}</dt><dd>{alert.ends_when}</dd></div>
            {alert.owner && <div><dt>Owner</dt><dd>{alert.owner}</dd></div>}
            {alert.runbook && <div><dt>Runbook</dt><dd>{/^https?:/.test(alert.runbook) ? <a href={alert.runbook} rel="noreferrer">{alert.runbook}</a> : alert.runbook}</dd></div>}
            <div><dt>Look</dt><dd><a href={where(alert, address)}>where it is</a>, or <code>{alert.look}</code></dd></div>
          </dl>
        </div>
      )}
    </li>
  )
}

// The daemon's sentence says its time in UTC; here it is the viewer's. The item that it names leads to its story.
function Sentence({ alert, address }) {
  const text = alert.reason.replace(/; since [^;]* UTC\.$/, `; since ${time(alert.since_unix_nano)}.`)
  const item = alert.items[0]?.item
  const at = item ? text.indexOf(item) : -1
  if (at < 0) return text
  return <>{text.slice(0, at)}<a href={link(address, 'item', [item], { stream: alert.value_stream })}>{item}</a>{text.slice(at + item.length)}</>
}

// most: so many first, the others on demand.
export function AlertList({ title, alerts, address, empty, open, most = Infinity }) {
  const [all, show] = useState(false)
  const shown = all ? alerts.length : Math.min(most, alerts.length)
  const drawn = useSteps(shown, STEP)
  if (!alerts.length && !empty) return null
  return (
    <section class="panel">
      <h2>{title} <span class="muted">{alerts.length > 0 && !open && number(alerts.length)}</span></h2>
      {alerts.length === 0 ? <p class="empty">{empty}</p> : (
        <ul class="alerts">{alerts.slice(0, drawn).map((alert) => <AlertRow key={alert.id} alert={alert} address={address} open={open} />)}</ul>
      )}
      {alerts.length > most && (
        <button type="button" class="quiet" aria-expanded={all} onClick={() => show(!all)}>{all ? 'Fewer' : `All ${number(alerts.length)}`}</button>
      )}
    </section>
  )
}
