// What a call of a function would send.

import { NotShippableError } from '../core/errors.js'
import { requireKnown, requireOneOf, show } from '../core/options.js'
import type { AnyFunction } from './marks.js'
import { Sender } from './sender.js'
import type { Definition, SentDefinition } from './wire.js'

/** What `explain` found. */
export interface Explanation {
  /** `reference`: a name is sent. `value`: text and captured variables are. `refused`: it cannot cross. */
  readonly by: 'reference' | 'value' | 'refused'
  /** What the worker finds by name: `file:///…/math.js → double`, `Math.max`. */
  readonly references: readonly string[]
  /** The texts that are sent, once per worker: `render (src/app.js:12)`. */
  readonly sources: readonly string[]
  /** About how many bytes of captured text and binary data each call sends. */
  readonly bytes: number
  /** Why it cannot cross, with the path to the value and what to write instead. */
  readonly refusal: NotShippableError | undefined
  /** The same for people. */
  toString(): string
}

/**
 * Tells what submitting `fn` would send, without sending it: what goes by name, which source texts, how many bytes, and what keeps it
 * from crossing. Nothing waits.
 * @throws {TypeError} if `fn` is not a function.
 * @example
 * console.log(String(explain(() => render(template, settings))))
 */
export function explain(fn: AnyFunction, options: { boundary?: 'thread' | 'process'; code?: 'any' | 'references-only' } = {}): Explanation {
  if (typeof fn !== 'function') throw new TypeError(`explain() takes a function, got ${show(fn)}`)
  requireKnown('The options of explain()', options, ['boundary', 'code'])
  if (options.boundary !== undefined) requireOneOf('boundary', options.boundary, ['thread', 'process'])
  if (options.code !== undefined) requireOneOf('code', options.code, ['any', 'references-only'])
  const sender = new Sender({ boundary: options.boundary ?? 'thread', code: options.code ?? 'any' })
  try {
    const id = sender.reference(fn)
    if (id !== undefined) return explanation('reference', [sender.sent(id)], 0, undefined)
    const { packed, bytes } = sender.pack(fn, { label: '', defines: true })
    return explanation(
      'value',
      packed.uses.map((used) => sender.sent(used)),
      bytes,
      undefined,
    )
  } catch (reason) {
    if (!(reason instanceof NotShippableError)) throw reason
    return explanation('refused', [], 0, reason)
  }
}

function explanation(
  by: Explanation['by'],
  sent: readonly SentDefinition[],
  bytes: number,
  refusal: NotShippableError | undefined,
): Explanation {
  const definitions = new Set<Definition>(sent.flatMap((one) => [...one.needs.map(([, definition]) => definition), one.definition]))
  const references: string[] = []
  const sources: string[] = []
  for (const definition of definitions) {
    if (definition.kind === 'global') references.push(definition.path.join('.'))
    else if (definition.kind === 'export')
      references.push([definition.module.specifier, definition.path.join('.')].filter(Boolean).join(' → '))
    else if (definition.kind === 'code') {
      for (const one of definition.code.functions) {
        sources.push(`${one.source.slice(0, 60).replace(/\s+/g, ' ')} (${definition.code.url}:${one.line + 1})`)
      }
    }
  }
  return {
    by,
    references,
    sources,
    bytes,
    refusal,
    toString() {
      if (refusal !== undefined) return refusal.message
      const lines = [by === 'reference' ? 'goes by reference' : `goes by value, about ${bytes} bytes of captured data per call`]
      for (const one of references) lines.push(`  by name: ${one}`)
      for (const one of sources) lines.push(`  as text: ${one}`)
      return lines.join('\n')
    },
  }
}
