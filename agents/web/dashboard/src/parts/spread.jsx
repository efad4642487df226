// How the times of what left are spread, as a histogram. The daemon tells a distribution by its percentiles (within
// 1 %), so a bar lies between two of them: as wide as they are apart, and as large as the share between them.
import { brief, duration, number } from '../figures.js'
import { useWidth } from './size.js'

const HEIGHT = 170
const SHARES = [['min', 0], ['p50', 0.5], ['p85', 0.85], ['p95', 0.95], ['p99', 0.99]]

export function Spread({ times, workingDay, sle }) {
  const [ref, width] = useWidth()
  const told = times?.count > 0
  const end = told ? Math.max(times.p99, ...sle.map((s) => s.within_seconds)) * 1.05 : 1
  const x = (seconds) => (Math.min(seconds, end) / end) * width
  const bars = told
    ? SHARES.slice(1).map(([name, share], i) => {
        const from = times[SHARES[i][0]]
        return { from, to: times[name], share: share - SHARES[i][1], name }
      })
    : []
  const density = (b) => b.share / Math.max(b.to - b.from, end / 400)
  const most = Math.max(...bars.map(density), 0)
  const words = bars.map((b) => `${Math.round(b.share * 100)} % between ${duration(b.from, workingDay)} and ${duration(b.to, workingDay)}`).join('; ')
  return (
    <figure class="panel chart" ref={ref}>
      <figcaption>
        <b>Spread of cycle times</b>{' '}
        <span class="muted">{told ? `of ${number(times.count)} that left; the area of a bar is its share: half, 35 %, 10 %, 4 %` : ''}</span>
      </figcaption>
      {!told && <p class="empty">Nothing has left in this window; a longer one may tell.</p>}
      {told && width > 0 && (
        <svg class="spread" width={width} height={HEIGHT + 34} role="img" aria-label={words}>
          {bars.map((b, i) => {
            const h = Math.max(2, ((HEIGHT - 24) * density(b)) / most)
            return (
              <rect key={b.name} class={`bar bar-${i}`} x={x(b.from)} width={Math.max(1, x(b.to) - x(b.from) - 1)} y={HEIGHT - h} height={h}>
                <title>{`${Math.round(b.share * 100)} % between ${duration(b.from, workingDay)} and ${duration(b.to, workingDay)}`}</title>
              </rect>
            )
          })}
          <line class="axis" x1="0" x2={width} y1={HEIGHT} y2={HEIGHT} />
          {['p50', 'p85', 'p95'].map((name, i) => (
            <g key={name} class="tick">
              <line x1={x(times[name])} x2={x(times[name])} y1={HEIGHT} y2={HEIGHT + 5} />
              <text x={Math.min(Math.max(x(times[name]), 4), width - 4)} y={HEIGHT + 17 + (i % 2) * 13} text-anchor={x(times[name]) > width - 60 ? 'end' : x(times[name]) < 40 ? 'start' : 'middle'}>
                {`${name} ${brief(times[name], workingDay)}`}
              </text>
            </g>
          ))}
          {sle.map((s) => (
            <g key={s.name + s.within_seconds} class="expected">
              <line x1={x(s.within_seconds)} x2={x(s.within_seconds)} y1="14" y2={HEIGHT} />
              <text x={x(s.within_seconds) - 4} y="11" text-anchor={x(s.within_seconds) > 90 ? 'end' : 'start'}>{s.name}</text>
            </g>
          ))}
        </svg>
      )}
    </figure>
  )
}
