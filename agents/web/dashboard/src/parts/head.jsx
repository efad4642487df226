// The head of every view: where one is, which window, a search by key, and whether what is shown is still true.
import { useEffect, useRef, useState } from 'preact/hooks'
import { changed, link, write } from '../address.js'
import { clockTime, duration, number, time, zone } from '../figures.js'
import { counts } from '../judge.js'
import { valuesOf } from '../narrow.js'
import { allNames, chosenWindow, DEFAULT } from '../windows.js'
import { useAnswer } from './load.js'

const TABS = [
  ['', 'Streams'],
  ['items', 'Items'],
  ['alerts', 'Alerts'],
  ['sources', 'Sources'],
  ['unmapped', 'Unmapped'],
]

function isHere(view, tab) {
  return view === tab || (tab === '' && view === 'stream') || (tab === 'items' && view === 'item') || (tab === 'alerts' && view === 'alert')
}

function Search({ address }) {
  const field = useRef(null)
  useEffect(() => {
    const onKey = (event) => {
      if (event.key !== '/' || /^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement?.tagName)) return
      event.preventDefault()
      field.current.focus()
    }
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  }, [])
  const go = (event) => {
    event.preventDefault()
    const key = field.current.value.trim()
    if (key) location.hash = link(address, 'item', [key])
  }
  return (
    <form class="search" role="search" onSubmit={go}>
      <input ref={field} type="search" placeholder="Find an item by key  ( / )" aria-label="Find an item by any of its keys" />
    </form>
  )
}

export function WindowSelect({ address, streams }) {
  const change = (event) => (location.hash = changed(address, { window: event.target.value }))
  const names = allNames(streams)
  const wanted = address.query.window ?? DEFAULT
  return (
    <label class="window">
      <span>Window</span>
      <select name="window" value={names.includes(wanted) ? wanted : chosenWindow(streams[0], wanted)} onChange={change}>
        {names.map((name) => <option key={name} value={name}>{name === 'all' ? 'all time' : name}</option>)}
      </select>
    </label>
  )
}

// The whole, or one part of it: of the streams that have this attribute. streamId '': of all.
export function SegmentSelect({ address, streamId = '' }) {
  const { answer } = useAnswer('snapshot', { stream: streamId, segments: 'true' }, { every: 300_000 })
  const { segment = '' } = address.query
  const values = valuesOf(answer?.value_streams ?? [])
  if (segment && !values.includes(segment)) values.unshift(segment)
  if (answer && !values.length) return null // before it is known there is room for it, so that nothing jumps
  const attributes = [...new Set(values.map((v) => v.split('=')[0]))]
  return (
    <label class="window">
      <span>Segment</span>
      <select name="segment" value={segment} onChange={(event) => (location.hash = changed(address, { segment: event.target.value }))}>
        <option value="">all</option>
        {attributes.map((name) => (
          <optgroup key={name} label={name}>
            {values.filter((v) => v.startsWith(`${name}=`)).map((v) => <option key={v} value={v}>{v.slice(name.length + 1)}</option>)}
          </optgroup>
        ))}
      </select>
    </label>
  )
}

// Whether what is in view is still true: by the browser's clock, as the daemon's may be that of its events.
function Truth({ live }) {
  const [, tick] = useState(0)
  useEffect(() => {
    const timer = setInterval(() => tick(Date.now()), 1000)
    return () => clearInterval(timer)
  }, [])
  if (live.stale && live.heardAt) {
    const ago = (Date.now() - live.heardAt) / 1000
    return (
      <p class="truth stale" role="alert">
        <b>Stale since {clockTime(live.heardAt)}</b> ({duration(ago)}). {live.trouble || 'The daemon has not been heard since.'} The figures below are from then.
      </p>
    )
  }
  if (live.stale) return <p class="truth stale" role="alert">Nothing is known yet. {live.trouble}</p>
  if (!live.snapshot) return <p class="truth">Asking the daemon …</p>
  const at = live.status?.clock === 'event' ? `events up to ${time(live.snapshot.time_unix_nano)}` : time(live.snapshot.time_unix_nano)
  return (
    <p class="truth">
      <i class="pulse" aria-hidden="true" /> {live.streaming ? 'Live' : 'Every 2 s'}, {at} <span class="muted">{zone}</span>
      {live.status?.trouble && <b role="alert"> {live.status.trouble}</b>}
    </p>
  )
}

export function Head({ address, live }) {
  const firing = live.alerts.filter(counts).length
  return (
    <header class="head">
      <a class="skip-link" href="#main" onClick={(event) => { event.preventDefault(); document.getElementById('main').focus() }}>To the content</a>
      <div class="head-row">
        <a class="brand" href={write('')}>
          <img src="/icon.svg" width="22" height="22" alt="" /> Value streams
        </a>
        <nav aria-label="Views">
          {TABS.map(([view, name]) => (
            <a key={view} href={link(address, view, [])} aria-current={isHere(address.view, view) ? 'page' : undefined}>
              {name}
              {view === 'alerts' && firing > 0 && <span class="count">{number(firing)}</span>}
            </a>
          ))}
        </nav>
        <Search address={address} />
      </div>
      <Truth live={live} />
    </header>
  )
}
