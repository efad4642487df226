// The parts of the dashboard that need no browser: figures, judgements, sentences, places of boxes.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { csvOf } from '../../agents/web/dashboard/src/api.js'
import { link, read, write } from '../../agents/web/dashboard/src/address.js'
import { brief, duration } from '../../agents/web/dashboard/src/figures.js'
import { judge, worstFirst } from '../../agents/web/dashboard/src/judge.js'
import { layout } from '../../agents/web/dashboard/src/layout.js'
import { rule } from '../../agents/web/dashboard/src/rule.js'
import { newsWords, sentence, stuckItems } from '../../agents/web/dashboard/src/words.js'

const HOUR = 3600
const DAY = 86400
const NOW = Date.UTC(2026, 10, 27, 12) * 1e6 // nanoseconds
const hoursAgo = (n) => NOW - n * HOUR * 1e9

const plain = (text) => text.replaceAll('\u00a0', ' ') // a figure and its unit stay in one line

test('durations are written as by the command line', () => {
  const table = [[0, '0 s'], [45, '45 s'], [59.6, '1 m'], [3599.7, '1 h 00 m'], [25080, '6 h 58 m'], [DAY - 1, '1 d 0 h'], [93.9 * HOUR, '3 d 22 h'], [120 * DAY, '120 d']]
  for (const [seconds, text] of table) assert.equal(plain(duration(seconds)), text)
  for (const [days, text] of [[0.5, '4 h 30 m'], [1, '1 wd'], [7.54, '7.5 wd'], [123.4, '123 wd']]) assert.equal(plain(duration(days * 9 * HOUR, 9 * HOUR)), text)
  for (const [seconds, text] of [[50 * HOUR, '2.1 d'], [10.2 * DAY, '10 d'], [90 * 60, '1.5 h'], [59.7 * 60, '1 h']]) assert.equal(plain(brief(seconds)), text)
})

test('an address is read as it was written', () => {
  for (const key of ['so:4711', 'a/b', '100 %', 'ü?#&=']) {
    assert.deepEqual(read(write('item', [key], { stream: 'S' })), { view: 'item', parts: [key], query: { stream: 'S' } })
  }
  assert.deepEqual(read('#/item/100%'), { view: 'item', parts: ['100%'], query: {} })
})

test('rows of the page are saved as the gateway writes tables', () => {
  const rows = [{ id: 1, mark: { by: 'anna, b', why: '=1+1' } }, { id: 2, mark: { by: 'say "x"', why: '' } }]
  assert.equal(csvOf(rows), 'id,mark.by,mark.why\r\n1,"anna, b","\'=1+1"\r\n2,"say ""x""",\r\n')
})

test('a link keeps the window, and the segment within its stream', () => {
  const here = read('#/stream/S/a?window=7d&segment=region%3Dnorth')
  assert.equal(link(here, 'items', [], { stream: 'S' }), '#/items?window=7d&segment=region%3Dnorth&stream=S')
  assert.equal(link(here, 'stream', ['T']), '#/stream/T?window=7d')
  assert.equal(link(here, 'alerts', []), '#/alerts?window=7d')
  assert.equal(link(here, '', []), '#/?window=7d&segment=region%3Dnorth')
  assert.equal(link(read('#/?segment=region%3Dnorth'), 'stream', ['T']), '#/stream/T?segment=region%3Dnorth')
  assert.equal(link(read('#/?segment=region%3Dnorth'), 'alerts', []), '#/alerts')
})

const window = (more) => ({ window: '7d', started: 9, finished: 8, arrivals: 9, departures: 8, sle: [], ...more })
const stage = (id, wip, more) => ({ id, name: `Stage ${id}`, wip, queued: wip, active: 0, suspended: 0, age: { max: 3 * DAY }, windows: [window()], waits: [], working_day_seconds: 0, ...more })
const stream = (more) => ({ id: 'S', name: 'Stream', wip: 5, windows: [window()], stages: [stage('a', 4), stage('b', 1)], ...more })
const alert = (kind, more) => ({ kind, state: 'firing', silenced: '', value_stream: 'S', stage: 'a', source: '', count: 3, since_unix_nano: hoursAgo(2), blinds: [], reason: '', ...more })
const judged = (alerts, of = stream(), bottleneck = null) => judge(of, { alerts, bottleneck, wanted: '7d' })
const told = (alerts, of, bottleneck) => {
  const { head, text } = sentence(judged(alerts, of, bottleneck), alerts, NOW)
  return plain(`${head}. ${text}`)
}
const silent = alert('source_silent', { value_stream: '', stage: '', source: 'crm', blinds: ['S/a'], observed_seconds: 5 * HOUR })

test('what is new is told by where it is and what it is', () => {
  const at = { stage_name: 'Planning', value_stream_name: 'Acquisition' }
  assert.equal(newsWords(alert('item_stalled', { ...at, count: 1 })), 'Planning: 1 item does not move')
  assert.equal(newsWords(alert('item_overdue', { ...at, stage_name: '', count: 1200 })), 'Acquisition: 1,200 items are past expectation')
  assert.equal(newsWords(alert('source_silent', { source: 'crm' })), 'crm: silent')
  assert.equal(newsWords(alert('wip_limit', { ...at, observed: 41, threshold: 40 })), 'Planning: 41 at once, above the limit of 40')
})

test('what is stuck in two arms of a fork is one item', () => {
  const at = (stage, newest, newest_count = newest.length, value_stream = 'S') => alert('item_stalled', { value_stream, stage, newest, newest_count })
  assert.deepEqual(stuckItems([at('a', ['1', '2']), at('b', ['2', '3']), at('a', ['2'], 1, 'T')]), { n: 4, most: false })
  assert.deepEqual(stuckItems([at('a', ['1', '2'], 12), at('b', ['3'])]), { n: 13, most: false })
  assert.deepEqual(stuckItems([at('a', ['1', '2'], 12), at('b', ['2'])]), { n: 12, most: true })
})

test('a sentence says whether work flows, where it waits, since when and why', () => {
  assert.equal(told([]), 'Flows. Nothing is late or stuck. In 9, out 8 in 7d.')
  const hold = stream({ stages: [stage('a', 4, { waits: [{ party: 'third-party', reason: 'easement', wip: 3 }] }), stage('b', 1)] })
  assert.match(
    told([alert('item_overdue'), alert('item_overdue', { count: 2, name: 'ours' }), alert('item_stalled', { count: 1 })], hold),
    /^Flows, late in part\. 3 past expectation, 1 not moving\. Worst: Stage a; 3 since \d\d:\d\d; the oldest for 3 d 0 h; 3 of 4 wait for easement \(third party\)\. In 9, out 8 in 7d\.$/,
  )
  assert.match(told([alert('stage_stalled')]), /^Stands still\. Nothing has left Stage a since \d\d:\d\d: 4 wait there, the oldest for 3 d 0 h\.$/)
  assert.match(told([alert('stage_stalled'), silent]), /Likely the feed: source crm \(silent for 5 h 00 m\)\.$/)
  assert.match(told([silent]), /^Not known\. No news of Stage a: source crm \(silent for 5 h 00 m\)\. In 9/)
  assert.match(told([], stream({ wip: 0, windows: [window({ started: 0 })], stages: [stage('a', 0, { windows: [window({ arrivals: 0 })] })] })), /^No work\. /)
  const held = { value_streams: [{ value_stream: 'S', stages: [{ stage: 'b', rank: 1, score: 1, reasons: [{ signal: 'overload', weight: 1 }], arrivals: 20, departures: 5 }] }] }
  assert.match(told([], stream(), held), /Slowest: Stage b, more comes than leaves: 20 in, 5 out\.$/)
})

test('a silenced or pending alert changes no judgement; a silent source never leaves green', () => {
  const level = (...alerts) => judged(alerts).level
  assert.equal(level(alert('stage_stalled', { silenced: 'Ada' })), 'flowing')
  assert.equal(level(alert('stage_stalled', { state: 'pending' })), 'flowing')
  assert.equal(level(silent), 'blind')
  assert.equal(level(silent, alert('item_overdue')), 'blind')
  assert.equal(level(silent, alert('stage_stalled')), 'still')
  const all = [judged([]), judged([alert('item_stalled')]), judged([silent]), judged([alert('stage_stalled')])]
  assert.deepEqual(worstFirst(all).map((j) => j.level), ['still', 'blind', 'late', 'flowing'])
})

const chain = (ids) => ids.slice(1).map((to, i) => ({ from: ids[i], to, kind: 'drawn' }))

test('boxes never lie on each other, in any width, and each way is drawn', () => {
  const ids = Array.from({ length: 12 }, (_, i) => `s${i}`)
  const edges = [...chain(ids), { from: 's1', to: 's4', kind: 'drawn' }, { from: 's5', to: 's2', kind: 'back' }, { from: 's3', to: 's6', kind: 'skip' }, { from: 's2', to: 's2', kind: 'repeat' }]
  for (const width of [280, 330, 700, 1300, 2400]) {
    const { boxes, ways, boxWidth, outcomeWidth } = layout(ids, edges, width, 100)
    const all = [...boxes.values()]
    assert.equal(all.length, ids.length)
    assert.equal(ways.length, edges.length)
    for (const way of ways) assert.ok(way.hidden || /^M[\d.]+,[\d.]+/.test(way.path) && !/NaN|undefined/.test(way.path), way.path)
    for (const a of all) {
      const right = a.x + (a === boxes.get('s11') ? outcomeWidth : boxWidth)
      assert.ok(a.x >= 0 && right <= width + 1, `${width}: ${right}`)
      for (const b of all) assert.ok(a === b || Math.abs(a.x - b.x) >= boxWidth || Math.abs(a.y - b.y) >= 100)
    }
  }
})

test('parallel stages stand below each other, and their join behind both', () => {
  const edges = [['a', 'b'], ['a', 'c'], ['b', 'd'], ['c', 'd']].map(([from, to]) => ({ from, to, kind: 'drawn' }))
  const { boxes } = layout(['a', 'b', 'c', 'd'], edges, 1200, 100)
  assert.equal(boxes.get('b').x, boxes.get('c').x)
  assert.ok(boxes.get('c').y > boxes.get('b').y && boxes.get('d').x > boxes.get('b').x)
})

test('a rule to paste is one line of YAML, whatever the type is called', () => {
  const place = [{ stream: 'S', stage: 'a' }]
  assert.equal(rule({ source: 'crm', type: 'case.closed' }, place), '- { source: crm, type: case.closed, stage: S/a, lifecycle: complete, item: "{subject}" }')
  assert.equal(rule({ source: 'crm', type: 'On Hold: "x"' }, place), '- { source: crm, type: "On Hold: \\"x\\"", stage: S/a, lifecycle: suspend, item: "{subject}" }')
})
