// What is shown stands in the address, behind the #: a view with its parts, then what narrows it.
//   #/?segment=region=north               all streams, or of those that are split by region this part
//   #/stream/RCV-01?window=7d             a stream; with segment=region=north that part of it
//   #/stream/RCV-01/planning?window=7d    a stage of it
//   #/items?stream=RCV-01&sort=pace       items
//   #/item/so:4711?stream=RCV-01          the story of one
//   #/alerts, #/alert/ID, #/sources, #/unmapped

export function read(hash = location.hash) {
  const text = hash.replace(/^#\/?/, '')
  const at = text.indexOf('?')
  const path = at < 0 ? text : text.slice(0, at)
  const parts = path.split('/').filter(Boolean).map(decode)
  return { view: parts[0] ?? '', parts: parts.slice(1), query: Object.fromEntries(new URLSearchParams(at < 0 ? '' : text.slice(at))) }
}

// An address typed by hand may hold a lone %.
function decode(part) {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

export function write(view, parts = [], query = {}) {
  const path = [view, ...parts].filter(Boolean).map(encodeURIComponent).join('/')
  const text = new URLSearchParams(Object.entries(query).filter(([, value]) => value)).toString()
  return `#/${path}${text ? `?${text}` : ''}`
}

const streamOf = ({ view, parts, query }) => (view === 'stream' ? parts[0] : query.stream)

// A link from the present view: the window stays, and so does the segment within a stream, from all streams to one that
// has it, and back.
export function link(address, view, parts, query = {}) {
  const { window, segment } = address.query
  const [from, to] = [streamOf(address), streamOf({ view, parts, query })]
  const kept = view === '' || (to && (to === from || address.view === ''))
  return write(view, parts, { window, segment: kept ? segment : '', ...query })
}

// The present view with something of it changed.
export const changed = (address, query) => write(address.view, address.parts, { ...address.query, ...query })
