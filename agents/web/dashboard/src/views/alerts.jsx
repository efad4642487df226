// What fires or is pending, the most severe first; the silences in force; what is over.
import { useState } from 'preact/hooks'
import { changed, link } from '../address.js'
import { remove } from '../api.js'
import { time } from '../figures.js'
import { AlertList } from '../parts/alertlist.jsx'
import { askAlerts } from '../live.js'
import { useAnswer } from '../parts/load.js'
import { newsWords } from '../words.js'
import { Csv, Table } from '../parts/table.jsx'

const HISTORY = 100

const fits = (silence) => [silence.kind, silence.stream, silence.stage, silence.source, silence.item].filter(Boolean).join(' · ') || 'everything'

function End({ id }) {
  const [trouble, set] = useState('')
  const end = () => remove(`silences/${id}`).then(askAlerts, (problem) => set(problem.message))
  return <><button type="button" onClick={end}>End it</button>{trouble && <span role="alert"> {trouble}</span>}</>
}

function Silences({ silences }) {
  if (!silences.length) return null
  return (
    <Table
      title="Silences in force"
      rows={silences}
      keyOf={(s) => s.id}
      csv={{ rows: silences, name: 'silences' }}
      columns={[
        { title: 'Fits', cell: fits },
        { title: 'Until', cell: (s) => time(s.mark.until_unix_nano) },
        { title: 'By', cell: (s) => s.mark.by },
        { title: 'Why', cell: (s) => s.mark.why },
        { title: 'No more', cell: (s) => <End id={s.id} /> },
      ]}
    />
  )
}

function History({ address }) {
  const { answer, trouble } = useAnswer('alerts', { history: 'true', limit: HISTORY }, { every: 30_000 })
  if (trouble) return <p class="panel empty">{trouble}</p>
  return <AlertList title="Over" alerts={answer?.alerts ?? []} address={address} empty={answer ? 'No alert has ended yet.' : 'Loading …'} />
}

export function AlertsView({ address, live }) {
  const one = address.view === 'alert' ? address.parts.join('/') : ''
  const past = address.query.show === 'past'
  const alerts = one ? live.alerts.filter((a) => a.id === one) : live.alerts
  return (
    <>
      <div class="view-head">
        <h1>Alerts</h1>
        <nav class="beside-nav" aria-label="Which alerts">
          {one ? <a href={link(address, 'alerts', [])}>All</a> : (
            <>
              <a href={changed(address, { show: '' })} aria-current={past ? undefined : 'true'}>Now</a>
              <a href={changed(address, { show: 'past' })} aria-current={past ? 'true' : undefined}>Over</a>
            </>
          )}
        </nav>
        <Csv path="alerts" query={past ? { history: 'true' } : {}} name="alerts" />
      </div>
      {past ? <History address={address} /> : (
        <>
          <AlertList
            title={one ? (alerts.length ? newsWords(alerts[0]) : one) : 'Now'}
            alerts={alerts}
            address={address}
            open={Boolean(one)}
            empty={one ? 'This alert neither fires nor is it pending.' : 'No alert fires. What is watched, and by which thresholds, is said by the configuration (docs/alerts.md).'}
          />
          {!one && <Silences silences={live.silences} />}
        </>
      )}
    </>
  )
}
