// A mapping rule to begin with for an event that nothing reads: a line of YAML under `mappings:`.

const quoted = (text) => (/^[A-Za-z][A-Za-z0-9._-]*$/.test(text) ? text : JSON.stringify(text))

// Under which lifecycle a word of the type would stand; a person looks at it before it is used.
const HINTS = [
  [/complet|finish|done|clos|issued|approv|accept|ok$/i, 'complete'],
  [/hold|suspend|wait|pend|declar|reject/i, 'suspend'],
  [/resum|restor|releas|solved/i, 'resume'],
  [/sched|book|assign|queue/i, 'schedule'],
]
const lifecycleOf = (type) => HINTS.find(([pattern]) => pattern.test(type))?.[1] ?? 'start'

// stages: [{stream, stage}], of which the first stands in until a person puts in the right one.
export function rule({ source, type }, stages) {
  const place = stages[0] ? `${stages[0].stream}/${stages[0].stage}` : 'STREAM/stage'
  return `- { source: ${quoted(source)}, type: ${quoted(type)}, stage: ${place}, lifecycle: ${lifecycleOf(type)}, item: "{subject}" }`
}
