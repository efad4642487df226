// docs/dashboard.png is what the first screen looks like: two months of the shipped configuration, the same ones each
// time. The picture is taken anew and laid over it. UPDATE_DOCS=1 in the environment writes it there.
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { drawn, Rig } from './rig.mjs'

const { PICTURE, UPDATE_DOCS } = process.env // in the documentation
const END = Date.UTC(2026, 10, 19, 22) // a Thursday afternoon in Chicago
const CELL = 8 // pixels, of which the mean is compared, so that how letters are smoothed does not matter
const MOST = 0.01 // of all cells; other figures alone make 2 %

let rig
before(async () => {
  rig = await Rig.start({ history: '60d', faults: 'on', end: END })
})
after(() => rig?.stop())

// In a browser, which reads pictures: their sizes, and the share of cells whose brightness differs.
function difference([a, b, cell]) {
  const load = (data) => new Promise((done, fail) => {
    const image = Object.assign(new Image(), { onload: () => done(image), onerror: fail, src: `data:image/png;base64,${data}` })
  })
  const cells = (image) => {
    const [w, h] = [Math.ceil(image.width / cell), Math.ceil(image.height / cell)]
    const pen = Object.assign(document.createElement('canvas'), { width: w, height: h }).getContext('2d')
    pen.imageSmoothingQuality = 'high'
    pen.drawImage(image, 0, 0, w, h)
    const { data } = pen.getImageData(0, 0, w, h)
    return Array.from({ length: w * h }, (_, i) => (data[4 * i] + data[4 * i + 1] + data[4 * i + 2]) / 3)
  }
  return Promise.all([load(a), load(b)]).then(([one, other]) => {
    const [x, y] = [cells(one), cells(other)]
    return { sizes: [one, other].map((i) => `${i.width} x ${i.height}`), share: x.filter((light, i) => Math.abs(light - y[i]) > 24).length / x.length }
  })
}

test('the picture of the README is what the page shows', async (t) => {
  const page = await rig.page('#/', { width: 1440, height: 1000 })
  await page.getByText(/^\s*Live, /).waitFor()
  await page.locator('.diagram:has(.way-count)').nth(3).waitFor()
  await page.locator('select[name=segment] optgroup').first().waitFor({ state: 'attached' })
  await drawn(page)
  const taken = await page.screenshot()
  if (UPDATE_DOCS) writeFileSync(PICTURE, taken)
  const { sizes, share } = await (await rig.blank()).evaluate(difference, [taken.toString('base64'), readFileSync(PICTURE).toString('base64'), CELL])
  t.diagnostic(`${(100 * share).toFixed(2)} % of it differ`)
  assert.equal(sizes[0], sizes[1])
  assert.ok(share < MOST, `${(100 * share).toFixed(1)} % of docs/dashboard.png are not as the page is now; \`./dev screenshot\` makes it anew`)
})
