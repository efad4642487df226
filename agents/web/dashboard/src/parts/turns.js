// What takes long to draw is drawn piece by piece, one piece a frame, so that the page answers to a hand in between. All
// who draw so stand in one line: pieces of several drawings never come together in one task.
import { useEffect, useState } from 'preact/hooks'

const HIDDEN_MS = 100 // a page that nobody sees has no frames

const line = []
let moving = false

function afterFrame(go) {
  let done = false
  const once = () => done || ((done = true), go())
  setTimeout(once, HIDDEN_MS)
  requestAnimationFrame(() => setTimeout(once))
}

function move() {
  moving = line.length > 0
  document.body.toggleAttribute('data-drawing', moving) // for who waits until all is there
  if (!moving) return
  line.shift()()
  afterFrame(move)
}

// Calls it when its turn has come. Back: takes it out of the line.
function inTurn(piece) {
  line.push(piece)
  if (!moving) {
    moving = document.body.toggleAttribute('data-drawing', true)
    afterFrame(move)
  }
  return () => {
    const at = line.indexOf(piece)
    if (at >= 0) line.splice(at, 1)
  }
}

// How many of `total` are to be drawn now, `step` more with each turn.
export function useSteps(total, step, first = step) {
  const [n, set] = useState(first)
  useEffect(() => (n < total ? inTurn(() => set(n + step)) : undefined), [n, total])
  return Math.min(n, total)
}

// The value as it was until the turn to draw the new one has come.
export function useLater(wanted) {
  const [held, hold] = useState({ value: wanted })
  useEffect(() => (held.value === wanted ? undefined : inTurn(() => hold({ value: wanted }))), [wanted, held.value])
  return held.value
}

// Its children once their turn has come.
export function Later({ children }) {
  return useSteps(1, 1, 0) ? children : null
}
