// A chart over time by uPlot, in the colours of the page, with a caption that says in words what is drawn.
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import uPlot from 'uplot'
import { brief, clockTime, dayOf } from '../figures.js'
import { useWidth } from './size.js'

const HEIGHT = 220

export function colours() {
  const style = getComputedStyle(document.documentElement)
  return (name) => style.getPropertyValue(`--${name}`).trim()
}

// Dark and light change while the page is open, and paper is always light. What is told so is the newest `redraw`: that
// of an older width would draw over it.
function useTheme(redraw) {
  const newest = useRef(redraw)
  newest.current = redraw
  useEffect(() => {
    const told = () => newest.current()
    const queries = ['(prefers-color-scheme: dark)', 'print'].map((text) => matchMedia(text))
    for (const query of queries) query.addEventListener('change', told)
    return () => {
      for (const query of queries) query.removeEventListener('change', told)
    }
  }, [])
}

// Steps of an axis of durations that people count in, in seconds; of working time in working days.
const STEPS = [1, 5, 15, 30, 60, 300, 900, 1800, 3600, 7200, 14400, 28800]
const DAYS = [1, 2, 5, 10, 15, 20, 30, 50, 70, 100, 150, 200, 300, 500, 1000]
export const stepsOf = (workingDay) => {
  const day = workingDay || 86400
  return [...STEPS.filter((s) => s < day), ...DAYS.map((d) => d * day)]
}

// On a scale of roots values crowd at the top: those that people count in, from the highest on, a line of text apart.
const LINE = 24
export function rootSplits(top, workingDay, height) {
  const at = (s) => height * (1 - Math.sqrt(s / top))
  const kept = []
  for (const s of stepsOf(workingDay).filter((s) => s < top).reverse()) if (!kept.length || at(s) - at(kept[0]) >= LINE) kept.unshift(s)
  return [0, ...kept.filter((s) => height - at(s) >= LINE)]
}

// The day where it begins and at the left end, the time between.
const timeTicks = (_, ticks) => ticks.map((t, i) => (i === 0 || dayOf(t * 1000) !== dayOf(ticks[i - 1] * 1000) ? dayOf(t * 1000) : clockTime(t * 1000)))

function axes(colour, { values, durations, workingDay, splits }) {
  const font = '12px system-ui, sans-serif'
  const both = { stroke: colour('muted'), font, grid: { stroke: colour('line'), width: 1 }, ticks: { stroke: colour('line'), width: 1 } }
  const told = durations ? (s) => brief(s, workingDay) : values
  const y = { ...both, size: 62, values: (_, ticks) => ticks.map(told), ...(durations ? { incrs: stepsOf(workingDay) } : {}), ...(splits ? { splits, filter: (_, all) => all } : {}) }
  return [{ ...both, space: 80, values: timeTicks }, y]
}

// The point of the first series that lies nearest to the pointer, within a thumb's width; -1: none does.
function nearest(plot, event) {
  const box = plot.over.getBoundingClientRect()
  const [px, py] = [event.clientX - box.left, event.clientY - box.top]
  const far = (i) => (plot.valToPos(plot.data[0][i], 'x') - px) ** 2 + (plot.valToPos(plot.data[1][i], 'y') - py) ** 2
  let best = -1
  plot.data[0].forEach((_, i) => (best < 0 || far(i) < far(best)) && (best = i))
  return best >= 0 && far(best) < 400 ? best : -1
}

// options(colour): uPlot's series, bands, scales and hooks; data: uPlot's, times in seconds. depends: what else the
// options are made of; where it differs the chart is made anew. pick: {words(i), go(i)} of a point that is pointed at.
export function Chart({ title, note, options, data, values = String, durations = false, workingDay = 0, height = HEIGHT, depends = '', pick, children }) {
  const [ref, width] = useWidth()
  const plot = useRef(null)
  const host = useRef(null)
  const [over, point] = useState(-1)
  const draw = () => {
    plot.current?.destroy()
    const colour = colours()
    const { splits, ...given } = options(colour)
    plot.current = new uPlot(
      {
        width,
        height,
        axes: axes(colour, { values, durations, workingDay, splits }),
        legend: { live: false },
        cursor: { drag: { x: false, y: false }, points: { show: false }, show: !pick },
        ...given,
        scales: { x: { time: true }, ...given.scales },
      },
      data,
      host.current,
    )
  }
  const shape = `${width} ${height} ${data.length} ${depends}`
  useLayoutEffect(() => {
    if (width > 0) draw()
    return () => {
      plot.current?.destroy()
      plot.current = null
    }
  }, [shape])
  useEffect(() => plot.current?.setData(data), [data])
  useTheme(() => width > 0 && draw())
  return (
    <figure class="panel chart" ref={ref}>
      <figcaption>
        <b>{title}</b>
        {note && <span class="muted"> {note}</span>}
      </figcaption>
      <div
        ref={host}
        class={pick ? 'picked' : ''}
        style={{ minHeight: `${height}px` }}
        onPointerMove={pick && ((event) => point(nearest(plot.current, event)))}
        onPointerLeave={pick && (() => point(-1))}
        onClick={pick && ((event) => {
          const at = nearest(plot.current, event)
          if (at >= 0) pick.go(at)
        })}
      />
      {pick && <p class="hover" aria-hidden="true">{over >= 0 && over < data[0].length ? pick.words(over) : 'Point at a dot to see which it is; click for its story.'}</p>}
      {children}
    </figure>
  )
}

const dash = { p50: [], p85: [8, 4], p95: [2, 3] }

// Names side by side, as the lines may lie close together.
const NAMED_AT = { p50: ['left', 0.01], p85: ['center', 0.5], p95: ['right', 0.99] }

// Horizontal lines with their names, drawn over a chart: percentiles, an expectation. lines: [{at, name, colour}].
export function levels(lines, colour) {
  return (u) => {
    const { ctx } = u
    ctx.save()
    ctx.font = `600 ${11 * devicePixelRatio}px system-ui, sans-serif`
    ctx.lineJoin = 'round'
    for (const line of lines) {
      if (!(line.at > 0)) continue
      const y = u.valToPos(line.at, 'y', true)
      if (y < u.bbox.top || y > u.bbox.top + u.bbox.height) continue
      ctx.strokeStyle = ctx.fillStyle = colour(line.colour)
      ctx.lineWidth = 1.4 * devicePixelRatio
      ctx.setLineDash((dash[line.dash] ?? []).map((n) => n * devicePixelRatio))
      ctx.beginPath()
      ctx.moveTo(u.bbox.left, y)
      ctx.lineTo(u.bbox.left + u.bbox.width, y)
      ctx.stroke()
      const [align, at] = NAMED_AT[line.dash]
      const name = [line.name, u.bbox.left + at * u.bbox.width, y - 4 * devicePixelRatio]
      ctx.textAlign = align
      ctx.setLineDash([])
      ctx.strokeStyle = colour('panel') // a ground of its own, whatever lies below
      ctx.lineWidth = 4 * devicePixelRatio
      ctx.strokeText(...name)
      ctx.fillText(...name)
    }
    ctx.restore()
  }
}

// Dots with a size each: `radius(i)` in pixels of the page.
export function dots(radius, fill, stroke) {
  return (u, index) => {
    const { ctx } = u
    const [xs, ys] = [u.data[0], u.data[index]]
    ctx.save()
    ctx.beginPath()
    ctx.rect(u.bbox.left, u.bbox.top, u.bbox.width, u.bbox.height)
    ctx.clip()
    ctx.fillStyle = fill
    ctx.strokeStyle = stroke
    ctx.lineWidth = devicePixelRatio
    for (let i = 0; i < xs.length; i++) {
      if (ys[i] == null) continue
      ctx.beginPath()
      ctx.arc(u.valToPos(xs[i], 'x', true), u.valToPos(ys[i], 'y', true), radius(i) * devicePixelRatio, 0, 2 * Math.PI)
      ctx.fill()
      ctx.stroke()
    }
    ctx.restore()
  }
}
