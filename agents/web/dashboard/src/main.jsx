// The page: the head, and below it the view that the address names.
import './languages.js' // before all others
import { render } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { read } from './address.js'
import { drawEdgesOf, start, useLive } from './live.js'
import { Head } from './parts/head.jsx'
import './style.css'
import { AlertsView } from './views/alerts.jsx'
import { ItemView } from './views/item.jsx'
import { ItemsView } from './views/items.jsx'
import { OverviewView } from './views/overview.jsx'
import { SourcesView } from './views/sources.jsx'
import { StageView } from './views/stage.jsx'
import { StreamView } from './views/stream.jsx'
import { UnmappedView } from './views/unmapped.jsx'
import { chosenWindow, DEFAULT } from './windows.js'

// view → [component, title of its parts]
const VIEWS = {
  '': [OverviewView, () => ''],
  stream: [StreamView, ([stream]) => stream],
  items: [ItemsView, () => 'Items'],
  item: [ItemView, ([key]) => key],
  alerts: [AlertsView, () => 'Alerts'],
  alert: [AlertsView, ([id]) => id],
  sources: [SourcesView, () => 'Sources'],
  unmapped: [UnmappedView, () => 'Unmapped events'],
}

function useAddress() {
  const [address, set] = useState(() => read())
  useEffect(() => {
    const follow = () => set(read())
    addEventListener('hashchange', follow)
    return () => removeEventListener('hashchange', follow)
  }, [])
  return address
}

function Nowhere() {
  return (
    <section class="panel">
      <h1>There is no such view</h1>
      <p class="empty">The address names none that this page has. <a href="#/">All streams</a></p>
    </section>
  )
}

function Page() {
  const address = useAddress()
  const live = useLive()
  const main = useRef(null)
  const shown = JSON.stringify([address.view, address.parts])
  const [View, title] = VIEWS[address.view] ?? [Nowhere, () => '']
  const Shown = address.view === 'stream' && address.parts.length > 1 ? StageView : View
  const wanted = address.query.window ?? DEFAULT

  useEffect(() => {
    const of = title(address.parts)
    document.title = of ? `${of} · Value streams` : 'Value streams'
    // Another view begins at its top, for the eye and for a screen reader; not the first one.
    if (main.current.dataset.shown && main.current.dataset.shown !== shown) {
      scrollTo(0, 0)
      main.current.focus({ preventScroll: true })
    }
    main.current.dataset.shown = shown
  }, [shown])
  useEffect(() => drawEdgesOf((stream) => chosenWindow(stream, wanted)), [wanted, live.snapshot?.epoch])

  return (
    <>
      <Head address={address} live={live} />
      <main id="main" class={live.stale ? 'old' : ''} tabIndex={-1} ref={main}>
        <Shown address={address} live={live} wanted={wanted} />
      </main>
    </>
  )
}

start()
render(<Page />, document.getElementById('page'))
