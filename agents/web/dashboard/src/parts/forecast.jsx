// When what is open will be done, how sure that is, and how often such statements came true before.
import { useState } from 'preact/hooks'
import { number, percent } from '../figures.js'
import { useAnswer } from './load.js'
import { Csv } from './table.jsx'

const TROUBLE = {
  few_days: 'fewer than 20 whole days have passed since work was first done here',
  few_done: 'fewer than 10 items were done in the days that it would be told from',
  unstable: 'the newer half of the past days is unlike the older one, so they do not tell what comes',
  few_like: 'too few stays of other items tell it',
}

function Chances({ forecast }) {
  return (
    <table>
      <thead>
        <tr>
          <th scope="col" class="num">Chance</th>
          <th scope="col">Done</th>
          <th scope="col" class="num">Came true before</th>
        </tr>
      </thead>
      <tbody>
        {forecast.chances.map((c) => (
          <tr key={c.chance}>
            <td class="num">{percent(c.chance)}</td>
            <td>{c.date ? `by the end of ${c.date}` : 'not within 730 days'}</td>
            <td class="num">{forecast.tests ? percent(c.tested) : '–'}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

export function Forecast({ streamId }) {
  const [items, set] = useState('')
  const { answer: forecast, trouble } = useAnswer('forecast', { stream: streamId, items }, { every: 60_000 })
  const asked = forecast?.kind === 'items' ? `${number(forecast.items)} more items finished` : forecast && `the ${number(forecast.items)} items ended that are open now`
  return (
    <section class="panel">
      <div class="panel-head">
        <h2>Forecast</h2>
        <label class="window">
          <span>When are so many more finished:</span>
          <input type="number" min="1" max="1000000" defaultValue={items} placeholder="all open" onChange={(event) => set(event.target.value)} />
        </label>
      </div>
      {trouble && <p class="empty">{trouble}</p>}
      {!forecast && !trouble && <p class="empty">Working it out …</p>}
      {forecast?.trouble && <p class="empty">No forecast: {TROUBLE[forecast.trouble] ?? forecast.trouble}.</p>}
      {forecast && !forecast.trouble && (
        <>
          <p>When have {asked}? <Csv path="forecast" query={{ stream: streamId, items }} name={`${streamId}-forecast`} /></p>
          <Chances forecast={forecast} />
          <p class="muted">
            Drawn {number(forecast.trials)} times from {number(forecast.days)} days since {forecast.first_date} ({forecast.zone}) with {number(forecast.done)} done.{' '}
            {forecast.tests > 0
              ? `Back-test: told as on ${number(forecast.tests)} past days, ${number(forecast.test_days)} days ahead.`
              : 'The past is too short for a back-test.'}
            {forecast.growing && ' More begins than ends: work piles up.'}
          </p>
        </>
      )}
    </section>
  )
}
