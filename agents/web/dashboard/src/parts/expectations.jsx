// What was promised, and what share of it was kept.
import { duration, number, percent } from '../figures.js'

const keptWords = (s) => (s.count === 0 ? 'nothing to judge by' : s.attained >= s.target ? 'kept' : 'missed')

export function Expectations({ sle, windowName }) {
  if (!sle.length) return null
  return (
    <section class="panel">
      <h2>Expectations, {windowName}</h2>
      <ul class="sles">
        {sle.map((s, i) => (
          <li key={`${s.name} ${i}`} class={s.count && s.attained < s.target ? 'missed' : ''}>
            <span>
              <b>{s.name}</b>{' '}
              <span class="muted">{percent(s.target)} within {duration(s.within_seconds, s.working_day_seconds)}</span>
            </span>
            <div class="kept" aria-hidden="true">
              <i style={{ width: `${100 * s.attained}%` }} />
              <b style={{ left: `${100 * s.target}%` }} />
            </div>
            <span class="num">
              <b>{s.count ? percent(s.attained, 1) : '–'}</b> of {number(s.count)}, {keptWords(s)}
            </span>
          </li>
        ))}
      </ul>
    </section>
  )
}
