// One stage in the drawing: what is in it, how long that takes against what is expected, and what is wrong.
import { brief, duration, number, since } from '../figures.js'
import { link } from '../address.js'
import { LEVEL_WORDS, waitWords } from '../words.js'
import { Mark } from './mark.jsx'
import { PARTS, Pile, pileWords } from './pile.jsx'
import { pure } from './pure.js'

// The expectation that is worst off stands for all.
export function worstSle(window) {
  const told = (window?.sle ?? []).filter((s) => s.within_seconds > 0)
  return told.reduce((worst, s) => (!worst || s.attained - s.target < worst.attained - worst.target ? s : worst), null)
}

// What is wrong, in as few words as fit; empty: nothing.
export function badge(judged, now) {
  if (judged.stalled) return `still since ${since(judged.stalled.since_unix_nano, now)}`
  if (judged.blind.length) return `${judged.blind.join(', ')} silent`
  const words = [judged.late && `${number(judged.late)} late`, judged.stuck && `${number(judged.stuck)} stuck`].filter(Boolean)
  if (words.length) return words.join(' · ')
  return judged.level === 'late' ? 'expectation missed' : ''
}

// "3.4 / 7.2 of 7 wd": a unit that all share is said once.
function range(p50, p85, within) {
  const all = [p50, p85, within].filter(Boolean).map((text) => text.split('\u00a0'))
  const same = all.every(([, unit]) => unit === all[0][1])
  const [a, b, c] = same ? all.map(([n]) => n) : [p50, p85, within]
  return `${a} / ${b}${c ? ` of ${c}` : ''}${same ? `\u00a0${all[0][1]}` : ''}`
}

// How many queued, active and on hold, under the parts of the bar that stand for them; then the oldest.
function Standing({ stage }) {
  return (
    <span class="times">
      <span class="muted" title="queued, active, on hold">
        {PARTS.map(([key, word], i) => (
          <span key={key}>
            {i > 0 && ' · '}
            {number(stage[key])}
            <span class="unseen"> {word}</span>
          </span>
        ))}
      </span>
      <br />
      oldest {brief(stage.age.max, stage.working_day_seconds)}
    </span>
  )
}

function Times({ window, workingDay }) {
  const times = window?.cycle_time
  const sle = worstSle(window)
  if (!times?.count) return <div class="times muted">nothing left yet</div>
  const limit = sle ? Math.max(sle.within_seconds, times.p85) : times.p85
  const at = (seconds) => `${Math.min(100, (100 * seconds) / (limit * 1.1))}%`
  return (
    <div class="times">
      <div class="bullet" aria-hidden="true">
        <i class="to85" style={{ width: at(times.p85) }} />
        <i class="to50" style={{ width: at(times.p50) }} />
        {sle && <b style={{ left: at(sle.within_seconds) }} />}
      </div>
      <div class="times-words">
        {range(brief(times.p50, workingDay), brief(times.p85, workingDay), sle && brief(sle.within_seconds, sle.working_day_seconds))}
      </div>
    </div>
  )
}

function told(judged, now) {
  const { stage, window } = judged
  const day = stage.working_day_seconds
  const times = window?.cycle_time
  const sle = worstSle(window)
  return [
    stage.part ? stage.name : `${stage.name}: ${LEVEL_WORDS[judged.level].toLowerCase()}`,
    badge(judged, now),
    `${number(stage.wip)} ${stage.part ? `of ${number(stage.whole)} ` : ''}in progress${stage.wip && !stage.untold ? `, ${pileWords(stage)}` : ''}`,
    stage.wip && !stage.untold ? `oldest ${duration(stage.age.max, day)}` : '',
    waitWords(stage),
    times?.count ? `cycle time p50 ${duration(times.p50, day)}, p85 ${duration(times.p85, day)}` : '',
    sle ? `expected within ${duration(sle.within_seconds, sle.working_day_seconds)}` : '',
  ].filter(Boolean).join('; ')
}

// `judged` is made anew with each change, so what it stands for is compared: the objects it is made of.
const Inner = pure(({ stage, window, level, words, href, label, most }) => (
  <a class={`box ${level}`} href={href} title={label}>
    <span class="box-name"><span>{stage.name}</span></span>
    <span class="box-wip">
      <b>{number(stage.wip)}</b> <span class="unseen">in progress</span>
      {stage.part ? <span class="muted">of {number(stage.whole)}</span> : <Mark level={level} named />}
    </span>
    <Pile stage={stage} most={most} />
    {stage.wip > 0 ? !stage.untold && <Standing stage={stage} /> : <span class="times muted">empty</span>}
    <Times window={window} workingDay={stage.working_day_seconds} />
    <span class="box-badge">{words}</span>
  </a>
))

export function Box({ judged, streamId, address, most, now }) {
  return (
    <Inner
      stage={judged.stage}
      window={judged.window}
      level={judged.level}
      words={badge(judged, now)}
      label={told(judged, now)}
      href={link(address, 'stream', [streamId, judged.stage.id])}
      most={most}
    />
  )
}
