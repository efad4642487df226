// The picture of docs/dashboard.md: screenshot.mjs FILE. Two months of the shipped configuration.
import { drawn, Rig } from './rig.mjs'

const rig = await Rig.start({ history: '60d', faults: 'on' })
try {
  const page = await rig.page('#/', { width: 1440, height: 1000 })
  await page.getByText(/^\s*Live, /).waitFor()
  await page.locator('.way-count').first().waitFor()
  await drawn(page)
  await page.screenshot({ path: process.argv[2] })
} finally {
  await rig.stop()
}
