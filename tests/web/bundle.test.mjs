// What a first visit loads: small, from here alone, and within the policy that the gateway sends.
import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'

const { DIST } = process.env
const files = readdirSync(DIST)
const text = (name) => readFileSync(join(DIST, name), 'utf8')

test('all of it has less than 150 kB gzipped', () => {
  const bytes = files.reduce((sum, name) => sum + gzipSync(readFileSync(join(DIST, name))).length, 0)
  assert.ok(bytes > 10_000 && bytes < 150_000, `${bytes} bytes`)
})

test("nothing inline, nothing from elsewhere: default-src 'self' is enough", () => {
  const html = text('index.html')
  assert.equal(html.match(/<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)/i), null)
  const foreign = (html + text('app.css')).match(/(src|href)="(https?:)?\/\/|url\((?!#)|@import/gi)
  assert.equal(foreign, null)
})

test('what the page names is there', () => {
  for (const [, name] of text('index.html').matchAll(/(?:src|href)="\/([^"]+)"/g)) assert.ok(files.includes(name), name)
})
