// Numbers, times and durations as people read them. Digits have one width (tabular-nums), so nothing jumps.

const MINUTE = 60
const HOUR = 3600
const DAY = 86400

const whole = (text) => text.replaceAll(' ', '\u00a0') // stays in one line
const two = (n) => String(n).padStart(2, '0')

// As the command line writes them: "45 s", "12 m", "6 h 58 m", "3 d 21 h". With the length of a working day the seconds
// are working time, and days are its days: "7.5 wd".
export function duration(seconds, workingDay = 0) {
  if (seconds == null || !Number.isFinite(seconds)) return '–'
  if (workingDay > 0 && seconds >= 0.995 * workingDay) {
    const days = seconds / workingDay
    return whole(`${days >= 99.95 ? Math.round(days) : Number(days.toFixed(1))} wd`)
  }
  // Rounded first, so that 59 m 59.6 s is 1 h 00 m.
  const s = Math.round(Math.max(0, seconds))
  const minutes = Math.round(s / MINUTE)
  const hours = Math.round(minutes / 60)
  if (s < MINUTE) return whole(`${s} s`)
  if (minutes < 60) return whole(`${minutes} m`)
  if (minutes < 24 * 60) return whole(`${Math.floor(minutes / 60)} h ${two(minutes % 60)} m`)
  if (hours < 24 * 100) return whole(`${Math.floor(hours / 24)} d ${hours % 24} h`)
  return whole(`${Math.round(hours / 24)} d`)
}

// The same in one unit: what a box has room for.
export function brief(seconds, workingDay = 0) {
  if (seconds == null || !Number.isFinite(seconds)) return '–'
  const told = (n, unit) => whole(`${Number(n.toFixed(n < 9.95 ? 1 : 0))} ${unit}`)
  if (workingDay > 0 && seconds >= 0.995 * workingDay) return told(seconds / workingDay, 'wd')
  if (seconds < 59.5) return whole(`${Math.round(seconds)} s`)
  if (seconds < 59.5 * MINUTE) return whole(`${Math.round(seconds / MINUTE)} m`)
  return seconds < 47.5 * HOUR || workingDay > 0 ? told(seconds / HOUR, 'h') : told(seconds / DAY, 'd')
}

const grouped = new Intl.NumberFormat('en-US')
export const number = (n) => grouped.format(n ?? 0)
export const percent = (share, digits = 0) => whole(`${(100 * share).toFixed(digits)} %`)
export const plural = (n, one, many = `${one}s`) => `${number(n)} ${n === 1 ? one : many}`

// Times come as nanoseconds since 1970, which a double holds to the microsecond: enough for people.
export const ms = (unixNano) => unixNano / 1e6

const dateTime = new Intl.DateTimeFormat(undefined, {
  year: 'numeric', month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23',
})
const dayTime = new Intl.DateTimeFormat(undefined, {
  month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit', hourCycle: 'h23',
})
const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
const day = new Intl.DateTimeFormat(undefined, { month: 'short', day: 'numeric' })
const dayYear = new Intl.DateTimeFormat(undefined, { year: 'numeric', month: 'short', day: 'numeric' })

// In the viewer's zone, which the browser knows.
export const zone = dateTime.resolvedOptions().timeZone
export const time = (unixNano) => (unixNano ? dateTime.format(ms(unixNano)) : '–')
export const shortTime = (unixNano) => (unixNano ? dayTime.format(ms(unixNano)) : '–')
export const dayOf = (at) => day.format(at)
export const clockTime = (at) => clock.format(at)

// "14:05" of the last day, else "29 Sep", else with its year: as much as tells it from now.
export function since(unixNano, nowNano) {
  const ago = (nowNano - unixNano) / 1e9
  if (ago < 20 * HOUR) return clock.format(ms(unixNano))
  return (ago < 300 * DAY ? day : dayYear).format(ms(unixNano))
}

// "third-party", "easement" → "easement (third party)"
export function waitText(party, reason) {
  const who = party.replace('-', ' ')
  return reason && who ? `${reason} (${who})` : reason || who
}
