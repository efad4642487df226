// A vsmd on the shipped configuration with some weeks of simulated history, a vsm-web before it, and a browser. Nothing
// here sleeps: every wait is for a line of a log, an answer or something in the page, and has a deadline.
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'

const { BIN, CONFIG, PACKAGES } = process.env
const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find(existsSync)
const DEADLINE_MS = 60_000
const SKIP = 77
const HOUR_MS = 3_600_000

export const require = createRequire(join(PACKAGES, '/'))
const run = promisify(execFile)

if (!CHROMIUM) {
  console.log('skipped: there is no /usr/bin/chromium; `./dev test` installs it')
  process.exit(SKIP)
}

// All are held until each has its own.
async function freePorts(n) {
  const servers = Array.from({ length: n }, () => createServer().listen(0, '127.0.0.1'))
  await Promise.all(servers.map((server) => server.listening || once(server, 'listening')))
  const ports = servers.map((server) => server.address().port)
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))))
  return ports
}

// A process whose log is read as it comes.
export class Program {
  constructor(name, args) {
    this.name = name
    this.lines = []
    this.waiting = []
    this.process = spawn(join(BIN, name), args, { stdio: ['ignore', 'ignore', 'pipe'] })
    this.ended = new Promise((done) => this.process.once('exit', (code, signal) => done(signal ?? code)))
    createInterface({ input: this.process.stderr }).on('line', (line) => {
      this.lines.push(line)
      this.waiting = this.waiting.filter(({ pattern, done }) => !(pattern.test(line) && (done(line), true)))
    })
  }

  async line(pattern) {
    const known = this.lines.find((line) => pattern.test(line))
    if (known) return known
    const late = new Promise((_, fail) => setTimeout(() => fail(new Error(`${this.name} did not say ${pattern}; it said:\n${this.lines.join('\n')}`)), DEADLINE_MS).unref())
    const ended = this.ended.then((code) => Promise.reject(new Error(`${this.name} ended with ${code}:\n${this.lines.join('\n')}`)))
    ended.catch(() => {})
    return Promise.race([new Promise((done) => this.waiting.push({ pattern, done })), late, ended])
  }

  async stop(signal = 'SIGTERM') {
    this.process.kill(signal)
    return this.ended
  }
}

export class Rig {
  // config(text): the shipped one, changed; history, faults: of the simulator, "" for no history; end: of the history,
  // by default now.
  static async start({ config = (text) => text, history = '15d', faults = 'off', end } = {}) {
    const rig = new Rig()
    rig.dir = mkdtempSync(join(tmpdir(), 'vsm-web-'))
    cpSync(CONFIG, rig.dir, { recursive: true })
    rig.file = join(rig.dir, 'quantum-energy.yaml')
    const old = { subscribe: 5570, submit: 5571, publish: 5572, query: 5573 }
    const names = Object.keys(old)
    const ports = await freePorts(names.length)
    const at = (name) => `tcp://127.0.0.1:${ports[names.indexOf(name)]}`
    rig.at = at
    let text = config(readFileSync(rig.file, 'utf8'))
    for (const name of names) text = text.replaceAll(`tcp://127.0.0.1:${old[name]}`, at(name))
    writeFileSync(rig.file, text)
    await rig.startDaemon()
    if (history) await rig.simulate(history, faults, end)
    rig.port = (await freePorts(1))[0]
    await rig.startWeb()
    rig.browser = await require('playwright-core').chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] })
    rig.errors = []
    return rig
  }

  async startDaemon() {
    this.daemon = new Program('vsmd', ['--config', this.file, '--clock', 'event'])
    await this.daemon.line(/^event=ready/)
  }

  async startWeb() {
    this.web = new Program('vsm-web', ['--listen', `127.0.0.1:${this.port}`, '--query', this.at('query'), '--publish', this.at('publish'), '--submit', this.at('submit')])
    await this.web.line(/^event=heard/)
    this.address = `http://127.0.0.1:${this.port}/`
  }

  // So much past, as fast as it goes; then the simulator is stopped, and the figures stand still. With an `end` they are
  // the same each time, but for a minute of business at most.
  async simulate(history, faults, end) {
    const own = end ? ['--start', new Date(end - parseInt(history, 10) * 24 * HOUR_MS).toISOString(), '--speed', '60x'] : ['--speed', '1x']
    const simulator = new Program('vsm', ['simulate', '--config', this.file, '--history', history, ...own, '--faults', faults, '--seed', '7', '--submit', this.at('submit')])
    const deadline = Date.now() + 4 * DEADLINE_MS
    const until = end ?? Date.now() - HOUR_MS
    while ((await this.vsm('status')).time_unix_nano / 1e6 < until) if (Date.now() > deadline) throw new Error(`no ${history} of history within ${4 * DEADLINE_MS} ms`)
    await simulator.stop('SIGINT')
  }

  // What the command line says of the same daemon.
  async vsm(...args) {
    const { stdout } = await run(join(BIN, 'vsm'), [...args, '--json', '--query', this.at('query')], { maxBuffer: 1e8 })
    return JSON.parse(stdout)
  }

  emit(type, subject, ...more) {
    return run(join(BIN, 'vsm'), ['emit', '--type', type, '--subject', subject, '--submit', this.at('submit'), ...more])
  }

  // A page of its own, without anything kept, that shows nothing yet. What it complains of is kept in `errors`.
  async blank({ width = 1440, height = 900, dark = false } = {}) {
    const context = await this.browser.newContext({ viewport: { width, height }, colorScheme: dark ? 'dark' : 'light', timezoneId: 'America/Chicago', locale: 'en-US' })
    const page = await context.newPage()
    page.setDefaultTimeout(DEADLINE_MS)
    page.on('pageerror', (error) => this.errors.push(`${page.url()}: ${error.stack}`))
    page.on('console', (message) => message.type() === 'error' && this.errors.push(`${page.url()}: ${message.text()} ${message.location().url}`))
    return page
  }

  async page(hash = '#/', options = {}) {
    const page = await this.blank(options)
    await page.goto(this.address + hash)
    await page.locator('h1').first().waitFor()
    return page
  }

  async stop() {
    await this.browser?.close()
    const codes = [await this.web?.stop(), await this.daemon?.stop()]
    rmSync(this.dir, { recursive: true })
    // A finding of a sanitizer is another status.
    if (codes.some((code) => code !== 0)) throw new Error(`vsm-web and vsmd ended with ${codes}:\n${this.web.lines.concat(this.daemon.lines).slice(-40).join('\n')}`)
  }
}

// Until all that is drawn piece by piece is there.
export async function drawn(page) {
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done)))))
  await page.locator('body:not([data-drawing])').waitFor()
}

// findings of axe-core that hinder people seriously, as text
export async function axe(page) {
  await page.evaluate(readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8'))
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }))
  return violations
    .filter((v) => ['serious', 'critical'].includes(v.impact))
    .map((v) => `${v.id}: ${v.help}; ${v.nodes.slice(0, 3).map((n) => `${n.html.slice(0, 160)} ${n.any.map((a) => a.message).join('; ')}`).join(' | ')}`)
}
