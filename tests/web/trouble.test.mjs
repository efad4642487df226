// Where the daemon or the gateway is gone the page says since when it is not true any more, and goes on by itself.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Rig } from './rig.mjs'

let rig
before(async () => {
  rig = await Rig.start({ history: '' })
})
after(() => rig?.stop())

const stale = (page) => page.getByText(/Stale since \d\d:\d\d/)
const live = (page) => page.getByText(/^\s*Live, /)

test('before the first event it says what to do', async () => {
  const page = await rig.page()
  await page.getByText('The daemon has not received any event yet.').waitFor()
})

test('over a slow line it says that it asks, then shows the same', async () => {
  const page = await rig.page()
  const line = await page.context().newCDPSession(page)
  await line.send('Network.emulateNetworkConditions', { offline: false, latency: 800, downloadThroughput: 50_000, uploadThroughput: 50_000 })
  await page.reload({ waitUntil: 'commit' })
  await page.getByText('Asking the daemon').waitFor()
  await live(page).waitFor()
  await page.locator('.box').nth(27).waitFor()
})

test('a daemon that is gone, and back', async () => {
  const page = await rig.page()
  await live(page).waitFor()
  await page.locator('.box').nth(27).waitFor()
  await rig.daemon.stop('SIGKILL')
  await stale(page).waitFor()
  assert.equal(await page.locator('.box').count(), 28, 'what was known stays in view')
  assert.match(await page.locator('main').evaluate((main) => getComputedStyle(main).filter), /grayscale/)
  await rig.startDaemon()
  await live(page).waitFor()
  assert.equal(await stale(page).count(), 0)
})

test('an answer that was on its way since before does not say that the daemon is there', async () => {
  const page = await rig.page()
  await live(page).waitFor()
  let release
  const held = new Promise((done) => (release = done))
  const answered = new Promise((done) => page.route('**/api/v1/bottleneck*', async (route) => {
    const response = await route.fetch()
    done(response.status())
    await held
    await route.fulfill({ response })
  }))
  await page.reload()
  await live(page).waitFor()
  assert.equal(await answered, 200)
  await rig.daemon.stop('SIGKILL')
  await stale(page).waitFor()
  const late = page.waitForEvent('requestfinished', (request) => request.url().includes('bottleneck'))
  release()
  await late
  await page.evaluate(() => (location.hash = '#/sources')) // drawn anew at once
  await page.locator('h1', { hasText: 'Sources' }).waitFor()
  assert.equal(await stale(page).count(), 1)
  await rig.startDaemon()
  await live(page).waitFor()
})

test('a gateway that is gone, and back', async () => {
  const page = await rig.page()
  await live(page).waitFor()
  assert.equal(await rig.web.stop(), 0)
  await stale(page).waitFor()
  await rig.startWeb()
  await live(page).waitFor()
  assert.equal(await stale(page).count(), 0)
})

test('an address that leads nowhere', async () => {
  const page = await rig.page('#/nowhere')
  await page.getByText('There is no such view').waitFor()
  const other = await rig.page('#/stream/XYZ')
  await other.getByText('There is no value stream XYZ').waitFor()
})
