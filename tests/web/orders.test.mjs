// What a person says to an alert from the page is what the daemon then knows.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { axe, Rig } from './rig.mjs'

let rig
before(async () => {
  rig = await Rig.start()
})
after(() => rig?.stop())

const alertOf = async (id) => (await rig.vsm('alerts')).alerts.find((a) => a.id === id)

async function order(button, why) {
  const { alerts } = await rig.vsm('alerts')
  const { id } = alerts.find((a) => a.state === 'firing' && !a.silenced && !a.acknowledged)
  const page = await rig.page('#/alerts')
  const row = page.locator(`[data-alert="${id}"]`)
  await row.getByRole('button', { name: button, exact: true }).click()
  await row.getByLabel('Your name').fill('Ada')
  await row.getByLabel('Why').fill(why)
  assert.deepEqual(await axe(page), [])
  await row.locator('button[type=submit]').click()
  await row.getByText(why).waitFor()
  return { id, page, row }
}

test('acknowledge: somebody sees to it', async () => {
  const { id } = await order('Acknowledge', 'on it')
  const alert = await alertOf(id)
  assert.deepEqual([alert.acknowledgement.by, alert.acknowledgement.why], ['Ada', 'on it'])
})

test('silence: nobody is called for a time, and it counts no more', async () => {
  const { id, page } = await order('Silence', 'storm')
  const alert = await alertOf(id)
  assert.deepEqual([alert.silence.by, alert.silence.why], ['Ada', 'storm'])
  await page.getByRole('region', { name: 'Silences in force' }).getByText('storm').waitFor()
  // It silences what is of that kind and place: the alerts of all its expectations.
  const loud = (await rig.vsm('alerts')).alerts.filter((a) => a.state === 'firing' && !a.silenced)
  await page.locator('.count').getByText(String(loud.length), { exact: true }).waitFor()
  await page.getByRole('button', { name: 'End it' }).click()
  await page.getByRole('region', { name: 'Silences in force' }).waitFor({ state: 'detached' })
  assert.equal((await alertOf(id)).silenced, '')
})

test('without a name and a reason nothing is sent; Escape leaves it', async () => {
  const page = await rig.page('#/alerts')
  const row = page.locator('.alert').first()
  await row.getByRole('button', { name: 'Acknowledge' }).click()
  await row.getByLabel('Your name').fill('')
  await row.locator('button[type=submit]').click()
  assert.equal(await row.locator('form').count(), 1)
  await page.keyboard.press('Escape')
  await row.locator('form').waitFor({ state: 'detached' })
})

test('nothing complained', () => assert.deepEqual(rig.errors, []))
