// Bundles the dashboard into the folder that is given: index.html, app.js, app.css, icon.svg. Names stay the same from
// build to build, as the gateway answers with ETags. Fails where the bundle outgrows its budget.
import { copyFileSync, mkdirSync, readFileSync, readdirSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const BUDGET_BYTES = 150_000 // of all files, gzipped: what a first visit loads

// Packages are those of the folder that this runs in, so that a build leaves nothing beside the sources.
const packages = join(process.cwd(), 'node_modules')
const { build } = createRequire(join(packages, '/'))('esbuild')

const here = dirname(fileURLToPath(import.meta.url))
const out = process.argv[2]
if (!out) {
  console.error('usage: build.mjs FOLDER')
  process.exit(2)
}
mkdirSync(out, { recursive: true })
await build({
  entryPoints: { app: join(here, 'src/main.jsx') },
  outdir: out,
  nodePaths: [packages],
  bundle: true,
  minify: true,
  format: 'esm',
  target: ['chrome109', 'firefox115', 'safari16'],
  jsx: 'automatic',
  jsxImportSource: 'preact',
  legalComments: 'none',
  logLevel: 'warning',
})
for (const name of ['index.html', 'icon.svg']) copyFileSync(join(here, name), join(out, name))

const bytes = readdirSync(out).reduce((sum, name) => sum + gzipSync(readFileSync(join(out, name))).length, 0)
if (bytes > BUDGET_BYTES) {
  console.error(`the dashboard has ${bytes} bytes gzipped, more than the ${BUDGET_BYTES} allowed`)
  process.exit(1)
}
