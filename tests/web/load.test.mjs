// Four streams of 50 stages, 5,000 items in one of them, all figures new four times a second: the page keeps up, and no
// task of its main thread takes longer than 50 ms of the processor (its time, not the wall's: a machine that has other
// things to do changes nothing).
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { Program, Rig } from './rig.mjs'

const STREAMS = ['W1', 'W2', 'W3', 'W4']
const STAGES = Array.from({ length: 50 }, (_, i) => `s${i}`)
const CROWDED = 5000
const LONGEST_MS = 50
const WATCHED_MS = 8000

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

let rig
let replay
before(async () => {
  rig = await Rig.start({ config, history: '' })
  const crowd = ['source,type,subject,time', ...Array.from({ length: CROWDED }, (_, i) => `load,W1.s10,c${i},${START + i}`)]
  writeFileSync(join(rig.dir, 'crowd.csv'), `${crowd.join('\n')}\n`)
  writeFileSync(join(rig.dir, 'first.csv'), rows(START + CROWDED, 5, 'f'))
  writeFileSync(join(rig.dir, 'then.csv'), rows(START + CROWDED + 10, 300, 't'))
  for (const file of ['crowd.csv', 'first.csv']) assert.equal(await new Program('vsm', ['replay', join(rig.dir, file), '--submit', rig.at('submit')]).ended, 0)
  replay = new Program('vsm', ['replay', join(rig.dir, 'then.csv'), '--speed', '1x', '--submit', rig.at('submit')])
})
after(async () => {
  await replay?.stop('SIGINT')
  await rig?.stop()
})

// The tasks of the page's main thread, in milliseconds of the processor, the longest first.
function tasksOf(trace) {
  const { traceEvents } = JSON.parse(trace)
  const main = traceEvents.filter((e) => e.name === 'thread_name' && e.args.name === 'CrRendererMain').map((e) => `${e.pid} ${e.tid}`)
  const tasks = traceEvents.filter((e) => e.name === 'RunTask' && e.ph === 'X' && main.includes(`${e.pid} ${e.tid}`))
  assert.ok(tasks.length > 100, `${tasks.length} tasks were traced`)
  return tasks.map((e) => e.tdur / 1000).sort((a, b) => b - a)
}

for (const [name, hash] of [['all streams', '#/'], ['a stream', '#/stream/W1'], ['a stage with 5,000 items', '#/stream/W1/s10']]) {
  test(`${name}: no task over ${LONGEST_MS} ms`, async (t) => {
    const page = await rig.page(hash)
    await page.locator('.box, .ageing').first().waitFor()
    await page.getByText(/^\s*Live, /).waitFor()
    await rig.browser.startTracing(page, { categories: ['toplevel', 'devtools.timeline', 'disabled-by-default-devtools.timeline'] })
    const changes = await page.evaluate(
      (ms) => new Promise((done) => {
        let n = 0
        const observer = new MutationObserver(() => n++)
        observer.observe(document.querySelector('main'), { subtree: true, childList: true, characterData: true, attributes: true })
        setTimeout(() => done(n), ms)
      }),
      WATCHED_MS,
    )
    const trace = await rig.browser.stopTracing()
    const [longest] = tasksOf(trace)
    t.diagnostic(`the longest took ${longest.toFixed(1)} ms; the page changed ${changes} times`)
    assert.ok(changes >= 8, `the page changed ${changes} times`)
    assert.ok(longest > 0 && longest < LONGEST_MS, `a task took ${longest.toFixed(1)} ms`)
    await page.context().close()
  })
}
