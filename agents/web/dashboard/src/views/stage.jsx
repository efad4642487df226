// One stage: what is in it and how old, against how long others took; how long it took over time; what it waits for.
import { useMemo } from 'preact/hooks'
import { link } from '../address.js'
import { brief, duration, number, percent, plural, since, waitText } from '../figures.js'
import { judge } from '../judge.js'
import { AlertList } from '../parts/alertlist.jsx'
import { Ageing } from '../parts/ageing.jsx'
import { Expectations } from '../parts/expectations.jsx'
import { Finished, useFinished } from '../parts/finished.jsx'
import { SegmentSelect, WindowSelect } from '../parts/head.jsx'
import { useAnswer } from '../parts/load.js'
import { Mark } from '../parts/mark.jsx'
import { judgePart, OfTheWhole, OfTheWholeAlone, PartLine, Untold, useItems, usePart } from '../parts/part.jsx'
import { pileWords } from '../parts/pile.jsx'
import { Segments } from '../parts/segments.jsx'
import { Csv } from '../parts/table.jsx'
import { LEVEL_WORDS, signalWords, waitWords } from '../words.js'
import { InOut, NoSuch, panesOf, paneWindow, WorkOverTime } from './stream.jsx'

function Waits({ stage, windowName, address, streamId }) {
  if (!stage.waits.length) return null
  const rows = stage.waits.map((w) => ({ ...w, ended: w.windows.find((x) => x.window === windowName) ?? { count: 0, seconds: 0 } }))
  rows.sort((a, b) => b.wip - a.wip || b.ended.seconds - a.ended.seconds)
  const most = Math.max(1, ...rows.map((r) => r.wip))
  return (
    <section class="panel">
      <h2>What it waits for</h2>
      <ul class="waits">
        {rows.map((r) => (
          <li key={`${r.party} ${r.reason}`}>
            <span>{waitText(r.party, r.reason)}</span>
            <div class="pile" aria-hidden="true"><div class="pile-work" style={{ width: `${(100 * r.wip) / most}%` }}>{r.wip > 0 && <i class="suspended" style={{ flexGrow: 1 }} />}</div></div>
            <span class="num"><b>{number(r.wip)}</b> now</span>
            <span class="num muted">{!stage.part && `${number(r.ended.count)} ended`}{!stage.part && r.ended.count > 0 && `, ${brief(r.ended.seconds / r.ended.count, stage.working_day_seconds)} each`}</span>
          </li>
        ))}
      </ul>
      {stage.part && <p class="empty">How many waits have ended, and how long they took, the daemon keeps of the whole alone.</p>}
      <p class="links"><a href={link(address, 'items', [], { stream: streamId, stage: stage.id, state: 'suspended' })}>Its items on hold</a></p>
    </section>
  )
}

function Tiles({ judged, windowName }) {
  const { stage, window } = judged
  const day = stage.working_day_seconds
  const times = window?.cycle_time
  const took = ['cycle time p85', times?.count ? duration(times.p85, day) : '–', times?.count ? `p50 ${duration(times.p50, day)}` : 'nothing left']
  const inOut = [`in and out, ${windowName}`, `${number(window?.arrivals)} / ${number(window?.departures)}`, `${number(window?.rework)} rework, ${number(window?.skipped)} skipped`]
  const here = ['in progress', number(stage.wip), `of ${number(stage.whole)}${stage.untold || !stage.wip ? '' : `: ${pileWords(stage)}`}`]
  const told = stage.part ? [here, ['oldest', stage.untold || !stage.wip ? '–' : duration(stage.age.max, day), stage.untold ? 'not known' : ''], took, inOut] : [
    ['in progress', number(stage.wip), pileWords(stage) || 'nothing'],
    ['oldest', stage.wip ? duration(stage.age.max, day) : '–', stage.wip ? `half older than ${duration(stage.age.p50, day)}` : ''],
    took,
    inOut,
    ['flow efficiency', window?.flow_efficiency ? percent(window.flow_efficiency, 1) : '–', 'of the cycle time somebody worked'],
    ['right the first time', window?.completed ? percent(window.first_pass_yield, 1) : '–', 'passed without rework'],
  ]
  return (
    <dl class="tiles">
      {told.map(([name, figure, note]) => (
        <div key={name} class="tile"><dt>{name}</dt><dd>{figure}</dd><dd class="muted">{note}</dd></div>
      ))}
    </dl>
  )
}

function verdict(judged, held, now) {
  const { stage, stalled, blind } = judged
  const parts = []
  if (stalled) parts.push(`Nothing has left since ${since(stalled.since_unix_nano, now)}; ${number(stage.queued + stage.active)} wait.`)
  if (blind.length) parts.push(`No news: ${blind.join(', ')} ${blind.length === 1 ? 'is' : 'are'} silent.`)
  const wrong = [judged.late && `${plural(judged.late, 'visit is', 'visits are')} past expectation`, judged.stuck && `${plural(judged.stuck, 'does', 'do')} not move`].filter(Boolean)
  if (wrong.length) parts.push(`${wrong.join(' and ')}, since ${since(judged.since, now)}.`)
  const waits = waitWords(stage)
  if (waits) parts.push(`${waits}.`)
  const reasons = held?.reasons.slice(0, 2).map((r) => signalWords(r.signal, held)) ?? []
  if (reasons.length) parts.push(`It holds up the flow: ${reasons.join('; ')}.`)
  return parts.join(' ') || (stage.wip ? 'Nothing is late, stuck or on hold.' : 'Nothing is here now.')
}

export function StageView({ address, live, wanted }) {
  const [streamId, stageId] = address.parts
  const stream = live.snapshot?.value_streams.find((s) => s.id === streamId)
  const all = stream && judge(stream, { alerts: live.alerts, bottleneck: live.bottleneck, wanted })
  const judged = all?.stages.find((s) => s.stage.id === stageId)
  const window = judged ? paneWindow(stream, all.windowName) : ''
  const { answer: series } = useAnswer(judged ? 'series' : '', { stream: streamId, stage: stageId, window }, { every: 30_000 })
  const own = useMemo(() => series && panesOf(series, stageId), [series])
  const { segment = '' } = address.query
  const part = usePart(streamId, judged ? segment : '')
  const here = useItems(judged ? streamId : '', stageId, segment)
  const finished = useFinished({ streamId: judged ? streamId : '', stageId, window: all?.windowName, segment })
  if (!judged) return <NoSuch what={`stage ${stageId} in ${streamId}`} live={live} />
  const allOfPart = segment ? judgePart(stream, part.answer, wanted, here.answer) : all
  const shown = allOfPart?.stages.find((s) => s.stage.id === stageId)
  const { stage } = judged
  const now = live.snapshot.time_unix_nano
  const at = all.stages.indexOf(judged)
  const beside = (i) => all.stages[i] && link(address, 'stream', [streamId, all.stages[i].stage.id])
  return (
    <>
      <p class="crumbs"><a href={link(address, 'stream', [streamId])}>{stream.name}</a> · stage {at + 1} of {all.stages.length}</p>
      <div class="view-head">
        <h1><Mark level={judged.level} size={22} /> {stage.name}</h1>
        <nav class="beside-nav" aria-label="Stages beside this one">
          {beside(at - 1) && <a href={beside(at - 1)}>← {all.stages[at - 1].stage.name}</a>}
          {beside(at + 1) && <a href={beside(at + 1)}>{all.stages[at + 1].stage.name} →</a>}
        </nav>
        <SegmentSelect address={address} streamId={streamId} />
        <WindowSelect address={address} streams={[stream]} />
      </div>
      {segment && <PartLine segment={segment} {...part} judged={allOfPart} address={address} text={shown && `${number(shown.stage.wip)} of ${number(shown.stage.whole)} in progress here. In ${number(shown.window?.arrivals)}, out ${number(shown.window?.departures)} in ${all.windowName}.`} />}
      <p class={`verdict-line ${judged.level}`}>
        <b class="verdict">{segment ? `All of it: ${LEVEL_WORDS[judged.level].toLowerCase()}` : LEVEL_WORDS[judged.level]}.</b> {verdict(judged, all.held?.stages.find((h) => h.stage === stageId), now)}
      </p>
      {shown && <Tiles judged={shown} windowName={all.windowName} />}
      <AlertList most={4} title={segment ? 'Alerts of this stage, all of it' : 'Alerts of this stage'} alerts={live.alerts.filter((a) => a.value_stream === streamId && a.stage === stageId)} now={now} address={address} />
      {shown && <Ageing stage={shown.stage} streamId={streamId} times={shown.window?.cycle_time} address={address} here={here} />}
      {segment && shown?.stage.untold && here.answer && <div class="panel"><Untold segment={segment} /></div>}
      {shown && <Waits stage={shown.stage} windowName={all.windowName} address={address} streamId={streamId} />}
      {segment && judged.window?.sle.length > 0 ? <OfTheWhole title="Expectations" segment={segment} address={address} /> : <Expectations sle={shown?.window?.sle ?? []} windowName={all.windowName} />}
      <div class="charts">
        <Finished titles={['Cycle time', 'Spread of cycle times']} {...finished} segment={segment} times={shown?.window?.cycle_time} sle={shown?.window?.sle ?? []} address={address} />
        {!segment && own && own.panes.length > 0 && <InOut own={own} title="Arrivals and departures" note={`a pane: 1/60 of ${window}`} names={['arrived', 'left']} />}
        {!segment && own && own.panes.length > 0 && <WorkOverTime own={own} title="Work in progress" />}
      </div>
      {segment && <OfTheWholeAlone titles={['Arrivals and departures', 'Work in progress']} segment={segment} address={address} />}
      <p class="links">The flow over time{segment && ', of the whole'}: <Csv path="series" query={{ stream: streamId, stage: stageId, window }} name={`${streamId}-${stageId}-${window}`} /></p>
      <Segments stream={stream} stageId={stageId} windowName={all.windowName} address={address} />
    </>
  )
}
