// Where the boxes of a value stream stand, and the ways between them. Boxes stand in columns by their distance from the
// start, as in the architects' drawing; what does not fit into the width goes on in the next row, down to one column.
// Pure: sizes in, places and SVG paths out.

const GAP_X = 36 // between boxes: room for an arrow with its number
const GAP_Y = 12 // between boxes of one column
const LANE = 17 // between two ways above or below a row
const MIN_BOX = 118
const MAX_BOX = 216
const OUTCOME = 92 // the last box says little
export const COLUMN_WIDTH = 300 // below it the boxes stand in one column, each as wide as there is room

// How far from the start: the longest drawn way there.
function columns(ids, drawn) {
  const column = new Map(ids.map((id) => [id, 0]))
  // Stages come in the order of the stream, in which each stands behind those that lead to it.
  for (const id of ids) {
    for (const edge of drawn) {
      if (edge.to === id && column.has(edge.from)) column.set(id, Math.max(column.get(id), column.get(edge.from) + 1))
    }
  }
  return column
}

// ids: of the stages, in order, and of the outcome. edges: {from, to, kind}. Back: {boxes: Map id → {x, y, row, column},
// ways: [{edge, path, x, y}] with the place of each label, width, height, boxWidth}.
export function layout(ids, edges, width, boxHeight) {
  const drawn = edges.filter((e) => e.kind === 'drawn')
  const column = columns(ids, drawn)
  const last = Math.max(...column.values())
  // The outcome, alone in the last column, may be narrower than the others where that spares a row.
  const oneRow = last > 0 && (width - OUTCOME - GAP_X * last) / last
  const fits = oneRow >= MIN_BOX
  const several = width < COLUMN_WIDTH ? 1 : Math.floor((width + GAP_X) / (MIN_BOX + GAP_X))
  const room = fits ? last + 1 : several
  const rows = Math.ceil((last + 1) / room)
  const perRow = Math.ceil((last + 1) / rows) // rows of one length, not a last one with a box alone
  const boxWidth = perRow === 1 ? width : Math.min(MAX_BOX, Math.floor(fits ? oneRow : (width - GAP_X * (perRow - 1)) / perRow))
  const place = new Map(ids.map((id) => [id, { row: Math.floor(column.get(id) / perRow), at: column.get(id) % perRow, slot: 0 }]))

  // Boxes of one column stand below each other.
  const filled = new Map()
  for (const id of ids) {
    const key = column.get(id)
    place.get(id).slot = filled.get(key) ?? 0
    filled.set(key, place.get(id).slot + 1)
  }

  const lanes = assignLanes(edges, place, column, rows)
  const boxes = new Map()
  let y = 0
  const rowBottom = []
  for (let row = 0; row < rows; row++) {
    y += lanes.above[row] * LANE + (row > 0 ? 30 : 4)
    let slots = 1
    for (const [id, p] of place) {
      if (p.row !== row) continue
      slots = Math.max(slots, p.slot + 1)
      boxes.set(id, { ...p, x: p.at * (boxWidth + GAP_X), y: y + p.slot * (boxHeight + GAP_Y) })
    }
    y += slots * boxHeight + (slots - 1) * GAP_Y
    rowBottom.push(y)
    y += lanes.below[row] * LANE + 6
  }
  const size = { boxWidth, boxHeight, rowBottom, perRow }
  const ways = edges.filter((e) => boxes.has(e.from) && boxes.has(e.to)).map((edge) => way(edge, boxes, lanes.of.get(edge), size))
  return { boxes, ways, width, height: y + 6, boxWidth, boxHeight, outcomeWidth: perRow === 1 ? boxWidth : Math.min(boxWidth, fits ? OUTCOME : boxWidth) }
}

// Ways that jump over boxes of their row run above it, ways back below, each in a lane of its own where they meet.
function assignLanes(edges, place, column, rows) {
  const above = Array(rows).fill(0)
  const below = Array(rows).fill(0)
  const taken = { above: above.map(() => []), below: below.map(() => []) }
  const of = new Map()
  const span = (e) => Math.abs((column.get(e.to) ?? 0) - (column.get(e.from) ?? 0))
  for (const edge of [...edges].sort((a, b) => span(a) - span(b))) {
    const from = place.get(edge.from)
    const to = place.get(edge.to)
    if (!from || !to || from.row !== to.row) continue
    const side = to.at > from.at ? (to.at - from.at > 1 ? 'above' : '') : 'below'
    if (!side) continue
    const [a, b] = [Math.min(from.at, to.at), Math.max(from.at, to.at)]
    const rowLanes = taken[side][from.row]
    let lane = rowLanes.findIndex((ways) => ways.every(([c, d]) => b <= c || a >= d))
    if (lane < 0) lane = rowLanes.push([]) - 1
    rowLanes[lane].push([a, b])
    of.set(edge, lane + 1)
    const depth = side === 'above' ? above : below
    depth[from.row] = Math.max(depth[from.row], lane + 2)
  }
  return { above, below, of }
}

function way(edge, boxes, lane, { boxWidth: w, boxHeight: h, rowBottom, perRow }) {
  const a = boxes.get(edge.from)
  const b = boxes.get(edge.to)
  if (a.row !== b.row) return betweenRows(edge, a, b, w, h, rowBottom, perRow)
  if (!lane) return straight(edge, a, b, w, h)
  const up = b.at > a.at
  const x1 = a.x + w * (up ? 0.72 : 0.28)
  const x2 = b.x + w * (up ? 0.28 : 0.72)
  const y1 = up ? a.y : a.y + h
  const y2 = up ? b.y : b.y + h
  const y = up ? Math.min(y1, y2) - lane * LANE : Math.max(y1, y2, rowBottom[a.row]) + lane * LANE
  if (edge.from === edge.to) {
    const [l, r] = [a.x + w * 0.4, a.x + w * 0.6]
    return { edge, path: `M${r},${y1}C${r + 14},${y} ${l - 14},${y} ${l},${y1 + 2}`, x: (l + r) / 2, y: y + 4 }
  }
  return { edge, path: `M${x1},${y1}${bend(x1, y1, x2, y2, y)}`, x: (x1 + x2) / 2, y }
}

// Up (or down) to the height y, along it, and back, with round corners.
function bend(x1, y1, x2, y2, y) {
  const r = Math.min(9, Math.abs(x2 - x1) / 2, Math.abs(y - y1), Math.abs(y - y2))
  const out = Math.sign(y - y1)
  const along = Math.sign(x2 - x1)
  return `V${y - out * r}Q${x1},${y} ${x1 + along * r},${y}H${x2 - along * r}Q${x2},${y} ${x2},${y - out * r}V${y2}`
}

function straight(edge, a, b, w, h) {
  const [x1, x2] = [a.x + w, b.x]
  const [y1, y2] = [a.y + h / 2, b.y + h / 2]
  const mid = (x1 + x2) / 2
  return { edge, path: y1 === y2 ? `M${x1},${y1}H${x2}` : `M${x1},${y1}C${mid},${y1} ${mid},${y2} ${x2},${y2}`, x: mid, y: (y1 + y2) / 2 - 9 }
}

function betweenRows(edge, a, b, w, h, rowBottom, perRow) {
  if (perRow === 1) return downwards(edge, a, b, w, h)
  if (b.row === a.row + 1 && edge.kind === 'drawn') {
    const [x1, y1, x2, y2] = [a.x + w / 2, a.y + h, b.x + w / 2, b.y]
    const y = y2 - 16
    return { edge, path: `M${x1},${y1}${bend(x1, y1, x2, y2, y)}`, x: (x1 + x2) / 2, y }
  }
  // Behind the boxes between: seen where it leaves and where it arrives.
  const down = b.row > a.row
  const [x1, x2] = [a.x + w * (down ? 0.66 : 0.34), b.x + w * (down ? 0.34 : 0.66)]
  const [y1, y2] = down ? [a.y + h, b.y] : [a.y, b.y + h]
  const reach = down ? 40 : -40
  return { edge, path: `M${x1},${y1}C${x1},${y1 + reach} ${x2},${y2 - reach} ${x2},${y2}`, x: x1, y: y1 + reach / 3 }
}

// One column: the next box by a straight way; others along the right edge would hide figures, so they are told in
// words below the drawing.
function downwards(edge, a, b, w, h) {
  const x = a.x + w / 2
  const next = b.row === a.row + 1
  return { edge, path: next ? `M${x},${a.y + h}V${b.y}` : '', x: x + 26, y: (a.y + h + b.y) / 2, hidden: !next }
}
