// Four streams of 50 stages with open items in each, 5,000 in the one that is opened, all figures new four times a second:
// the page is there within a second, keeps up, and no task of its main thread takes longer than 50 ms, from the first
// byte on and from view to view. A task's time is that of the processor, not the wall's; what else the machine does makes
// it longer all the same, never shorter, so the best of some rounds is judged. VSM_LOAD_ITEMS=5000 has so many in every
// stage, a million altogether, which a daemon with sanitizers takes minutes for.
import assert from 'node:assert/strict'
import { createWriteStream, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { after, before, test } from 'node:test'
import { Program, Rig } from './rig.mjs'

const STREAMS = ['W1', 'W2', 'W3', 'W4']
const STAGES = Array.from({ length: 50 }, (_, i) => `s${i}`)
const CROWDED = 5000
const ITEMS = Number(process.env.VSM_LOAD_ITEMS ?? 100) // in each other stage
const LONGEST_MS = 50
const WATCHED_MS = 3000 // of its updates, in each view
const CHANGES = 8 // at least
const ROUNDS = 5

function config() {
  const streams = STREAMS.map((id) => `  - id: ${id}\n    name: Wide stream ${id}\n    outcome: Done\n    stages:\n${STAGES.map((s) => `      - { id: ${s}, name: "Stage ${s} of ${id}", expected: { within: 1h }, stall_after: 2h }\n`).join('')}`)
  const rules = STREAMS.flatMap((id) => STAGES.map((s) => `  - { source: "*", type: ${id}.${s}, stage: ${id}/${s}, lifecycle: start, item: "${id}:{subject}" }\n`))
  return `daemon:
  clock: event
  subscribe: none
  submit: tcp://127.0.0.1:5571
  publish: tcp://127.0.0.1:5572
  query: tcp://127.0.0.1:5573
  publish_interval: 250ms
value_streams:
${streams.join('')}mappings:
${rules.join('')}`
}

// Rows for `vsm replay`: everybody starts somewhere; then, every quarter of a second, one item in each stage goes on.
const START = Date.UTC(2026, 0, 5) / 1000
function rows(from, seconds, name) {
  const list = ['source,type,subject,time']
  for (let t = 0; t < seconds; t += 0.25) {
    for (const id of STREAMS) for (const [i, s] of STAGES.entries()) list.push(`load,${id}.${s},${name}${t}-${i % 7},${from + t}`)
  }
  return `${list.join('\n')}\n`
}

// A second apart, one more in every stage that has not all of its own yet.
function* crowd() {
  yield 'source,type,subject,time\n'
  for (let i = 0; i < CROWDED; i++) {
    const rows = []
    for (const id of STREAMS) for (const s of STAGES) if (i < ITEMS || (id === 'W1' && s === 's10')) rows.push(`load,${id}.${s},${s}-${i},${START + i}\n`)
    yield rows.join('')
  }
}

let rig
let replay
before(async () => {
  rig = await Rig.start({ config, history: '' })
  await pipeline(Readable.from(crowd()), createWriteStream(join(rig.dir, 'crowd.csv')))
  writeFileSync(join(rig.dir, 'first.csv'), rows(START + CROWDED, 5, 'f'))
  writeFileSync(join(rig.dir, 'then.csv'), rows(START + CROWDED + 10, 300, 't'))
  for (const file of ['crowd.csv', 'first.csv']) assert.equal(await new Program('vsm', ['replay', join(rig.dir, file), '--submit', rig.at('submit')]).ended, 0)
  replay = new Program('vsm', ['replay', join(rig.dir, 'then.csv'), '--speed', '1x', '--submit', rig.at('submit')])
})
after(async () => {
  await replay?.stop('SIGINT')
  await rig?.stop()
})

test('every stage has its items', async (t) => {
  const { value_streams: streams } = await rig.vsm('snapshot')
  for (const { id, stages } of streams) for (const s of stages) assert.ok(s.wip >= (id === 'W1' && s.id === 's10' ? CROWDED : ITEMS), `${id}/${s.id}: ${s.wip}`)
  const { items_open: open, memory_bytes: bytes } = await rig.vsm('status')
  t.diagnostic(`${open} items are open; the daemon has ${Math.round(bytes / 1e6)} MB`)
})

test('it is there within a second from a cold cache', async (t) => {
  const paints = []
  for (let i = 0; i < 3; i++) { // the best of three, each with an empty cache: the machine may have other things to do
    const page = await rig.page()
    await page.locator('.box').first().waitFor()
    paints.push(await page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0].startTime))
    await page.context().close()
  }
  t.diagnostic(`first paint after ${paints.map(Math.round).join(', ')} ms`)
  assert.ok(Math.min(...paints) < 1000, `first paint after ${paints} ms`)
})

// The tasks of the page's main thread, in milliseconds of the processor, the longest first. Chromium's own pages have
// processes of their own.
function tasksOf(trace) {
  const { traceEvents } = JSON.parse(trace)
  const pages = traceEvents.filter((e) => e.name === 'CommitLoad' && e.args.data?.url?.startsWith(rig.address)).map((e) => e.pid)
  const main = traceEvents.filter((e) => e.name === 'thread_name' && e.args.name === 'CrRendererMain' && pages.includes(e.pid)).map((e) => `${e.pid} ${e.tid}`)
  const tasks = traceEvents.filter((e) => e.name === 'RunTask' && e.ph === 'X' && main.includes(`${e.pid} ${e.tid}`))
  assert.ok(tasks.length > 100, `${tasks.length} tasks were traced`)
  return tasks.map((e) => e.tdur / 1000).sort((a, b) => b - a)
}

// What runs in the page: Playwright's own waiting would be tasks of its main thread, too.
const until = (drawn) => `new Promise((done) => {
  const look = () => document.querySelector('.truth')?.textContent.includes('Live') && (${drawn}) && (observer.disconnect(), done())
  const observer = new MutationObserver(look)
  observer.observe(document, { subtree: true, childList: true, characterData: true, attributes: true })
  look()
})`
// For so long, and longer where something else keeps the machine from so many changes.
const changed = (ms, times) => `new Promise((done) => {
  let n = 0
  const end = performance.now() + ${ms}
  const observer = new MutationObserver(() => ++n >= ${times} && performance.now() >= end && (observer.disconnect(), done(n)))
  observer.observe(document.querySelector('main'), { subtree: true, childList: true, characterData: true, attributes: true })
})`

const count = (selector) => `document.querySelectorAll('${selector}').length`
const VIEWS = [ // address, what is there once it is drawn
  ['#/', `${count('.box')} === 200 && ${count('.diagram:has(.way-count)')} === 4`],
  ['#/stream/W1', `${count('.box')} === 50 && ${count('.chart canvas')} >= 2 && ${count('.diagram .way-count')} > 0`],
  ['#/stream/W1/s10', `${count('.ageing .dot')} === 1000 && ${count('.chart canvas')} >= 2`],
  ['#/items', `${count('tbody tr')} === 100`],
  ['#/alerts', `${count('.alert')} >= 200`],
]

// Opens it, watches it for some updates, and goes on to each other view. Back: the longest task.
async function tour([first, ...others]) {
  const page = await rig.blank()
  const cdp = await page.context().newCDPSession(page)
  const run = async (expression) => {
    const { result, exceptionDetails: wrong } = await cdp.send('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true })
    assert.ok(!wrong, wrong?.exception?.description)
    return result.value
  }
  await rig.browser.startTracing(page, { categories: ['toplevel', 'devtools.timeline', 'disabled-by-default-devtools.timeline'] })
  await page.goto(rig.address + first[0])
  await run(until(first[1]))
  await run(changed(WATCHED_MS, CHANGES))
  for (const [hash, drawn] of others) {
    await run(`location.hash = '${hash}'`)
    await run(until(`location.hash === '${hash}' && ${drawn}`))
  }
  const [longest] = tasksOf(await rig.browser.stopTracing())
  await page.context().close()
  return longest
}

for (const [at, view] of VIEWS.slice(0, 3).entries()) {
  test(`${view[0]}, opened and kept open: no task over ${LONGEST_MS} ms`, { timeout: 300_000 }, async (t) => {
    const longest = []
    while (longest.length < ROUNDS && !(Math.min(...longest) < LONGEST_MS)) {
      longest.push(await tour(at === 0 ? VIEWS : [view]))
    }
    t.diagnostic(`the longest took ${longest.map((ms) => ms.toFixed(1))} ms`)
    assert.ok(Math.min(...longest) > 0 && Math.min(...longest) < LONGEST_MS, `a task took ${longest.map((ms) => ms.toFixed(1))} ms`)
  })
}

test('nothing complained', () => assert.deepEqual(rig.errors, []))
