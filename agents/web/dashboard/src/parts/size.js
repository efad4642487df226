// The width that an element has for its content, as it changes. Paper has another width than the screen, and what is
// printed must be drawn before anybody could measure it there: for the time of printing the page is as wide as it will be
// on paper (style.css, .on-paper).
import { useLayoutEffect, useRef, useState } from 'preact/hooks'

const measures = new Set()

function onPaper(yes) {
  document.documentElement.classList.toggle('on-paper', yes)
  for (const measure of measures) measure()
}
addEventListener('beforeprint', () => onPaper(true))
addEventListener('afterprint', () => onPaper(false))

export function useWidth() {
  const ref = useRef(null)
  const [width, set] = useState(0)
  useLayoutEffect(() => {
    const measure = () => {
      const { paddingLeft, paddingRight } = getComputedStyle(ref.current)
      set(Math.floor(ref.current.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight)))
    }
    measure()
    measures.add(measure)
    const observer = new ResizeObserver(measure)
    observer.observe(ref.current)
    return () => {
      measures.delete(measure)
      observer.disconnect()
    }
  }, [])
  return [ref, width]
}
