// Every view shows what the command line says of the same state; on a phone, in the dark, without a mouse, and to a
// screen reader; and nothing complains.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { axe, drawn, Rig } from './rig.mjs'

let rig
let snapshot
before(async () => {
  rig = await Rig.start()
  snapshot = await rig.vsm('snapshot')
})
after(() => rig?.stop())

const number = (n) => n.toLocaleString('en-US')
const planning = 'service-connection-planning'
const STAGE = `#/stream/RCV-01/${planning}`
const METER = '#/stream/RCV-01/meter-installation-activation'
const hashes = (item) => ['#/', '#/stream/RCV-01', STAGE, '#/items?sort=pace', `#/item/${encodeURIComponent(item)}`, '#/alerts', '#/alerts?show=past', '#/sources', '#/unmapped', '#/stream/RCV-01?segment=region=north', '#/?segment=region=north']
const someItem = async () => (await rig.vsm('items', '--stream', 'RCV-01', '--limit', '1')).items[0].item

test('all streams at a glance, a sentence each, and every stage with its work', async () => {
  const page = await rig.page()
  await page.locator('.glance').first().waitFor()
  const told = await page.locator('.glance').evaluateAll((all) => all.map((g) => ({ name: g.querySelector('h2 a').textContent, text: g.querySelector('p').textContent, level: g.classList[1] })))
  assert.deepEqual(told.map((t) => t.name).sort(), snapshot.value_streams.map((s) => s.name).sort())
  const order = ['still', 'blind', 'late', 'flowing', 'idle']
  const ranks = told.map((t) => order.indexOf(t.level))
  assert.deepEqual(ranks, [...ranks].sort(), 'the worst first')
  for (const { text } of told) assert.match(text, /^(Stands still|Not known|Flows|Flows, late in part|No work)\. \S.{20,}/)
  for (const stream of snapshot.value_streams) {
    for (const stage of stream.stages) {
      const box = page.locator(`a.box[href^="#/stream/${stream.id}/${stage.id}"]`)
      assert.equal(await box.locator('.box-wip b').textContent(), number(stage.wip), `${stream.id}/${stage.id}`)
    }
  }
  await page.locator('section.stream').nth(0).locator('.way-count').first().waitFor() // arrows say how many went, once that was answered
})

test('it is there within a second from a cold cache', async () => {
  const paints = []
  for (let i = 0; i < 3; i++) { // the best of three, each with an empty cache: the machine may have other things to do
    const page = await rig.page()
    paints.push(await page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0].startTime))
    await page.context().close()
  }
  assert.ok(Math.min(...paints) < 1000, `first paint after ${paints} ms`)
})

test('news arrive without asking', async () => {
  const stream = snapshot.value_streams.find((s) => s.id === 'RCV-01')
  const stage = stream.stages[0]
  const page = await rig.page(`#/stream/RCV-01/${stage.id}`)
  const tile = page.locator('.tile', { hasText: 'in progress' }).first().locator('dd').first()
  await tile.getByText(number(stage.wip), { exact: true }).waitFor()
  const now = (await rig.vsm('status')).time_unix_nano
  await rig.emit('case.opened', 'C-of-the-test', '--source', 'crm', '--time', String(Math.ceil(now / 1e9)))
  await tile.getByText(number(stage.wip + 1), { exact: true }).waitFor()
  snapshot = await rig.vsm('snapshot')
})

test('a stage: each visit a dot, its waits, how long others took', async () => {
  const page = await rig.page(STAGE)
  const stage = snapshot.value_streams.find((s) => s.id === 'RCV-01').stages.find((s) => s.id === planning)
  const { items } = await rig.vsm('items', '--stream', 'RCV-01', '--stage', planning, '--limit', '1000')
  await page.locator('.ageing').waitFor()
  assert.equal(await page.locator('.ageing .dot').count(), items.length)
  const waits = stage.waits.filter((w) => w.wip > 0)
  for (const wait of waits) await page.locator('.waits li', { hasText: wait.reason }).getByText(`${number(wait.wip)} now`).waitFor()
})

// What somebody points at stays where it is when the last answer comes, here that about the items of the stage.
test('nothing jumps when answers come', async () => {
  const page = await rig.blank()
  let answer
  const asked = new Promise((done) => page.route('**/api/v1/items*', (route) => {
    answer = () => route.continue()
    done()
  }, { times: 1 }))
  await page.goto(`${rig.address}${METER}?window=30d`)
  const below = page.getByRole('link', { name: 'As a list, the slowest first' })
  const place = async () => (await below.boundingBox()).y
  await below.waitFor()
  await asked
  const before = await place()
  answer()
  await page.locator('.ageing .dot').first().waitFor()
  assert.equal(await place(), before)
  await page.context().close()
})

// Of a stage and of a stream: each single visit that left, with the percentile lines of the window; the CSV has the same.
test('what was finished, one by one', async () => {
  for (const [hash, args, title] of [[METER, ['RCV-01', '--stage', 'meter-installation-activation'], 'Cycle time'], ['#/stream/AOV-04', ['AOV-04'], 'Lead time']]) {
    const page = await rig.page(`${hash}?window=30d`)
    const { visits } = await rig.vsm('visits', ...args, '--window', '30d', '--limit', '2000')
    assert.ok(visits.length > 10, `${visits.length} visits`)
    const scatter = page.locator('figure', { has: page.getByText(title, { exact: true }) })
    const spread = page.locator('figure', { hasText: `Spread of ${title.toLowerCase()}s of ${number(visits.length)};` })
    await spread.waitFor()
    const counts = (await spread.locator('.bar title').allTextContents()).map((text) => Number(text.split(' ')[0].replaceAll(',', '')))
    const beyond = /([\d,]+) took longer than is drawn/.exec(await spread.textContent())
    assert.equal(counts.reduce((a, b) => a + b, 0) + Number(beyond?.[1].replaceAll(',', '') ?? 0), visits.length, 'every visit is in a bar')
    const longest = visits.reduce((a, b) => (b.cycle_seconds > a.cycle_seconds ? b : a))
    assert.equal(await scatter.locator('.links a').first().textContent(), longest.item)
    const saving = page.waitForEvent('download')
    await scatter.getByRole('button', { name: 'CSV' }).click()
    const text = readFileSync(await (await saving).path(), 'utf8')
    assert.deepEqual(text.trim().split('\r\n').join('\n').split('\n').slice(1).map((line) => line.split(',')[0]), visits.map((v) => v.item))
    // Pointing along the newest ones finds one, and a click tells its story.
    if (hash.startsWith('#/stream/AOV-04')) await page.locator('.way-count').first().waitFor() // the drawing above has its height then
    else await page.locator('.ageing .dot').first().waitFor()
    await drawn(page)
    const over = scatter.locator('.u-over')
    await over.scrollIntoViewIfNeeded()
    const box = await over.boundingBox()
    const told = scatter.locator('.hover')
    for (let y = 2; y < box.height && !/^\S+: /.test(await told.textContent()); y += 8) {
      await page.mouse.move(box.x + box.width - 12, box.y + y)
      await drawn(page) // what is told is of where the pointer is now
    }
    const item = /^(\S+): \d/.exec(await told.textContent())[1]
    assert.ok(visits.some((v) => v.item === item), item)
    await page.mouse.down()
    await page.mouse.up()
    await page.getByRole('heading', { name: item }).waitFor()
    await page.context().close()
  }
})

test('a stream and a stage over time, by segment, and what comes', async () => {
  for (const [hash, charts, segment] of [['#/stream/AOV-04', 3, 'Coast'], [METER, 3, 'existing-remote']]) {
    const page = await rig.page(hash)
    await page.locator('.chart canvas').nth(charts - 1).waitFor()
    await page.getByRole('region', { name: /^By segment/ }).getByRole('link', { name: segment, exact: true }).waitFor()
  }
  const page = await rig.page('#/stream/RCV-01')
  const { sle } = snapshot.value_streams.find((s) => s.id === 'RCV-01').windows.find((w) => w.window === '7d')
  assert.ok(sle.length > 0)
  await page.locator('.sles li').nth(sle.length - 1).waitFor()
  const bars = await page.locator('.sles li').evaluateAll((all) => all.map((li) => [li.querySelector('.kept i').style.width, li.querySelector('.kept b').style.left].map(parseFloat)))
  assert.deepEqual(bars.map((bar) => bar.map(Math.round)), sle.map((s) => [s.attained, s.target].map((share) => Math.round(100 * share))))
  const forecast = page.locator('section', { hasText: 'When are so many more finished' })
  await forecast.getByText(/No forecast:|Back-test:|too short for a back-test/).waitFor()
})

// region=north, chosen once, is what every view from there on is about.
test('one part of all, in every view and in the address', async () => {
  const north = async (stream) => (await rig.vsm('snapshot', '--stream', stream, '--segment', 'region=north')).value_streams[0]
  const boxes = async (page, stream) => {
    for (const stage of stream.stages) {
      const box = page.locator(`a.box[href^="#/stream/${stream.id}/${stage.id}"]`)
      assert.equal(await box.locator('.box-wip').textContent(), `${number(stage.segments[0].wip)} in progressof ${number(stage.wip)}`, `${stream.id}/${stage.id}`)
    }
  }
  const page = await rig.page('#/')
  await page.locator('select[name=segment]').selectOption('region=north')
  await page.waitForURL(/segment=region(=|%3D)north/)
  await page.getByText('Not split by region: ').waitFor()
  for (const id of ['RCV-01', 'NCV-01']) await boxes(page, await north(id))
  const stream = await north('RCV-01')
  await page.locator('.panel-head').getByRole('link', { name: 'Regulated Customer Acquisition' }).click()
  await page.waitForURL(/stream\/RCV-01\?.*segment=region(=|%3D)north/)
  await page.locator('.verdict-line.part', { hasText: `region = north. ${number(stream.segments[0].wip)} of ${number(stream.wip)} in progress.` }).waitFor()
  await boxes(page, stream)
  for (const title of ['Cumulative flow', 'Arrivals and departures', 'Forecast']) {
    await page.locator('.untold', { hasText: title }).getByText('Not known of region = north: the daemon keeps this of the whole alone.').waitFor()
  }
  assert.equal(await page.locator('.chart', { hasText: 'Cumulative flow' }).count(), 0, 'what is known of the whole alone is not shown')
  const meter = stream.stages.find((s) => s.id === 'meter-installation-activation')
  await page.locator(`a.box[href^="#/stream/RCV-01/${meter.id}"]`).click()
  await page.locator('.tile', { hasText: 'in progress' }).getByText(`of ${number(meter.wip)}`).waitFor()
  const narrow = ['--stream', 'RCV-01', '--stage', meter.id, '--segment', 'region=north']
  const { items } = await rig.vsm('items', ...narrow, '--limit', '1000')
  await page.locator('.ageing').waitFor()
  assert.equal(await page.locator('.ageing .dot').count(), items.length)
  const words = [['queued', 'queued'], ['active', 'active'], ['suspended', 'on hold']].map(([state, word]) => [items.filter((i) => i.state === state).length, word])
  const stands = words.filter(([n]) => n > 0).map(([n, word]) => `${number(n)} ${word}`).join(', ')
  await page.locator('.tile', { hasText: 'in progress' }).getByText(stands).waitFor()
  for (const reason of new Set(items.filter((i) => i.state === 'suspended' && i.reason).map((i) => i.reason))) {
    const n = items.filter((i) => i.state === 'suspended' && i.reason === reason).length
    await page.locator('.waits li', { hasText: reason }).getByText(`${number(n)} now`).waitFor()
  }
  const { visits } = await rig.vsm('visits', 'RCV-01', ...narrow.slice(2), '--window', '7d', '--limit', '2000')
  await page.locator('figure', { hasText: `Spread of cycle times of ${number(visits.length)};` }).waitFor()
  await page.getByRole('link', { name: 'As a list, the slowest first' }).click()
  await page.locator('tbody tr').nth(Math.min(items.length, 100) - 1).waitFor()
  assert.equal(await page.locator('select[name=segment]').inputValue(), 'region=north')
  await page.locator('select[name=segment]').selectOption('')
  await page.waitForURL((url) => !url.hash.includes('segment'))
})

test('items: narrowed and sorted in the address, from there to the story of one with the rule behind each step', async () => {
  const page = await rig.page('#/items')
  await page.locator('select[name=stream]').selectOption('RCV-01')
  await page.locator('select[name=sort]').selectOption('pace')
  await page.locator('select[name=stage]').selectOption(planning)
  await page.waitForURL(/stream=RCV-01.*sort=pace.*stage=service-connection-planning/)
  const { items } = await rig.vsm('items', '--stream', 'RCV-01', '--stage', planning, '--sort', 'pace', '--limit', '100')
  await page.locator('tbody tr').nth(items.length - 1).waitFor()
  const shown = await page.locator('tbody tr td:first-child').allTextContents()
  assert.deepEqual(shown, items.map((i) => i.item))
  await page.getByRole('link', { name: items[0].item }).click()
  await page.getByRole('heading', { name: items[0].item }).waitFor()
  const story = await rig.vsm('item', items[0].item)
  const rules = page.locator('section', { hasText: 'What was said of it' }).locator('tbody tr td:last-child')
  await rules.first().waitFor()
  assert.deepEqual(await rules.allTextContents(), story.transitions.map((t) => t.rule))
  await page.goBack()
  await page.getByRole('heading', { name: 'Items in progress' }).waitFor()
})

test('every table is saved as CSV', async () => {
  for (const hash of ['#/stream/AOV-04', METER, `#/item/${encodeURIComponent(await someItem())}`, '#/sources']) {
    const page = await rig.page(hash)
    await page.locator('table').first().waitFor()
    const without = await page.locator('section:has(table)').evaluateAll((all) => all.filter((s) => !s.querySelector('.csv button')).map((s) => s.querySelector('h2')?.textContent))
    assert.deepEqual(without, [], hash)
    await page.context().close()
  }
  const page = await rig.page('#/items?stream=RCV-01')
  const saving = page.waitForEvent('download')
  await page.getByRole('button', { name: 'CSV' }).click()
  const text = readFileSync(await (await saving).path(), 'utf8')
  const { items } = await rig.vsm('items', '--stream', 'RCV-01', '--limit', '1000')
  assert.match(text, /^item,/)
  assert.equal(text.trim().split('\n').length, items.length + 1)
})

test('without a mouse: past the head, a search by any key, the story, and back', async () => {
  const page = await rig.page()
  await page.locator('.glance').first().waitFor()
  await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  assert.equal(await page.evaluate(() => document.activeElement.id), 'main')
  await page.keyboard.press('/')
  const item = await someItem()
  const { keys } = await rig.vsm('item', item)
  await page.keyboard.type(keys.at(-1))
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: item }).waitFor()
  assert.equal(await page.evaluate(() => document.activeElement.id), 'main', 'a new view has the focus')
  await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: /Regulated Customer Acquisition/ }).waitFor()
})

test('a key that nobody knows is said, with what to do', async () => {
  const page = await rig.page()
  await page.getByRole('searchbox').fill('so:nobody')
  await page.keyboard.press('Enter')
  await page.getByText('A key stands as the systems say it').waitFor()
  rig.errors = rig.errors.filter((text) => !/so(:|%3A)nobody/.test(text)) // the browser tells of each 404
})

test('an unmapped event comes with a rule to paste', async () => {
  const now = (await rig.vsm('status')).time_unix_nano
  await rig.emit('case.merged', 'C-1', '--source', 'crm', '--time', String(Math.ceil(now / 1e9)))
  const page = await rig.page('#/unmapped')
  const row = page.locator('tbody tr', { hasText: 'case.merged' })
  await row.waitFor()
  assert.match(await row.locator('.rule code').textContent(), /^- \{ source: crm, type: case\.merged, stage: \S+, lifecycle: start, item: "\{subject\}" \}$/)
})

test('sources: what each sent', async () => {
  const page = await rig.page('#/sources')
  await page.locator('tbody tr').first().waitFor()
  const { sources } = await rig.vsm('sources')
  const row = page.locator('tbody tr', { hasText: 'gis-design' })
  const of = sources.find((s) => s.source === 'gis-design')
  assert.equal(await row.locator('td').nth(5).textContent(), number(of.received))
  const rate = (n) => (n > 0 && n < 9.95 ? n.toFixed(1) : number(Math.round(n)))
  assert.ok(sources.some((s) => s.usual_per_minute > 0), 'of some what is usual is known')
  for (const s of sources) {
    const cells = await page.locator('tbody tr').filter({ has: page.locator('td:first-child', { hasText: new RegExp(`^\\s*${s.source}( silent)?$`) }) }).locator('td').allTextContents()
    assert.equal(cells[2], rate(s.per_minute), s.source)
    const beside = s.usual_per_minute > 0 && s.per_minute > 0 && 3 * s.per_minute < s.usual_per_minute ? 'slower' : s.usual_per_minute > 0 && s.per_minute === 0 ? 'none' : ''
    assert.deepEqual(cells.slice(3, 5), [s.usual_per_minute > 0 ? rate(s.usual_per_minute) : 'not known yet', beside], s.source)
  }
})

test('what got stuck in the last day is told by items', async () => {
  const { alerts } = await rig.vsm('alerts')
  const told = alerts.filter((a) => a.kind === 'item_stalled' && a.state === 'firing' && !a.silenced && a.stage && a.newest_count > 0)
  assert.ok(told.length > 0, 'something got stuck')
  const page = await rig.page('#/')
  const line = page.locator('.news', { hasText: 'Newly stuck in the last 24 h' })
  await line.waitFor()
  const most = told.reduce((a, b) => (b.newest_count > a.newest_count ? b : a))
  assert.match(await line.textContent(), new RegExp(`${number(most.newest_count)} ${most.stage_name}: ${most.newest[0]}`))
  await line.getByRole('link', { name: most.newest[0], exact: true }).click()
  await page.getByRole('heading', { name: most.newest[0] }).waitFor()
})

// Paper is as a browser makes it: it says so before it prints, and draws then for the paper's width.
const PAPER_WIDTH = 700
async function onPaper(page) {
  await page.emulateMedia({ media: 'print' })
  await page.evaluate(() => dispatchEvent(new Event('beforeprint')))
  await drawn(page)
  assert.equal(await page.evaluate(() => document.body.offsetWidth), PAPER_WIDTH)
  return page.evaluate(() => {
    const { right } = document.body.getBoundingClientRect()
    return [...document.querySelectorAll('main li, main td, main canvas, main svg, main p')].filter((e) => e.getBoundingClientRect().right > right + 1).map((e) => e.outerHTML.slice(0, 80))
  })
}

test('from 360 to 1920 pixels, and on paper, nothing sticks out', async () => {
  const item = await someItem()
  for (const hash of hashes(item)) {
    const page = await rig.page(hash, { width: 360 })
    await page.locator('main > *').nth(1).waitFor()
    for (const width of [360, 768, 1920]) {
      await page.setViewportSize({ width, height: 900 })
      await drawn(page)
      const out = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
      assert.ok(out <= 0, `${hash} at ${width}: ${out} pixels too wide`)
    }
    assert.deepEqual(await onPaper(page), [], `${hash} on paper`)
    await page.context().close()
  }
})

test('a browser that prints says so before', async () => {
  const page = await rig.page('#/')
  await page.evaluate(() => addEventListener('beforeprint', () => (document.body.dataset.width = document.body.offsetWidth)))
  await page.pdf()
  assert.equal(await page.locator('body').getAttribute('data-width'), String(PAPER_WIDTH))
  assert.ok((await page.evaluate(() => document.body.offsetWidth)) > PAPER_WIDTH, 'and is itself again after it')
})

test('a stream without the wanted window says which one is shown', async () => {
  const page = await rig.page('#/stream/REV-01')
  const own = snapshot.value_streams.find((s) => s.id === 'REV-01').windows.map((w) => w.window)
  assert.ok(!own.includes('7d'))
  assert.equal(await page.locator('select[name=window]').inputValue(), own.filter((w) => w !== 'all').at(-1))
})

for (const dark of [false, true]) {
  test(`axe-core finds nothing serious in the ${dark ? 'dark' : 'light'}`, async () => {
    const item = await someItem()
    for (const hash of hashes(item)) {
      const page = await rig.page(hash, { dark })
      await page.locator('main > *').nth(1).waitFor()
      await drawn(page)
      assert.deepEqual(await axe(page), [], hash)
      await page.context().close()
    }
  })
}

test('nothing complained', () => assert.deepEqual(rig.errors, []))
