// The width that an element has for its content, as it changes.
import { useLayoutEffect, useRef, useState } from 'preact/hooks'

export function useWidth() {
  const ref = useRef(null)
  const [width, set] = useState(0)
  useLayoutEffect(() => {
    const measure = () => {
      const { paddingLeft, paddingRight } = getComputedStyle(ref.current)
      set(Math.floor(ref.current.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight)))
    }
    measure()
    const observer = new ResizeObserver(measure)
    observer.observe(ref.current)
    return () => observer.disconnect()
  }, [])
  return [ref, width]
}
