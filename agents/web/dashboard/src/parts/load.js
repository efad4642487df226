// What a view asks for by itself: asked again while it is in view, and kept in view where a later answer fails.
import { useEffect, useState } from 'preact/hooks'
import { get } from '../api.js'

const AGAIN_MS = 10_000

// `key` says what is asked for: another one forgets the answer before. Back: {answer, trouble, again()}.
export function useAnswer(path, query, { every = AGAIN_MS } = {}) {
  const key = JSON.stringify([path, query])
  const [held, hold] = useState({ key: '' })
  const [round, next] = useState(0)
  useEffect(() => {
    if (!path) return undefined
    let gone = false
    const ask = () =>
      get(path, query).then(
        (answer) => gone || hold({ key, answer, trouble: '' }),
        (problem) => {
          if (gone) return
          // What cannot be asked so, or is not there, is not asked again.
          if (problem.status >= 400 && problem.status < 500) clearInterval(timer)
          hold((old) => ({ key, answer: old.key === key ? old.answer : undefined, trouble: problem.message }))
        },
      )
    const timer = setInterval(() => document.hidden || ask(), every)
    ask()
    return () => {
      gone = true
      clearInterval(timer)
    }
  }, [key, round])
  return { ...(held.key === key ? held : {}), again: () => next(round + 1) }
}
