// The syntax tree of a JavaScript text, made by acorn.

import { createRequire } from 'node:module'
import type * as acorn from 'acorn'

/** A node of the syntax tree, seen without its type: the walk treats most nodes alike. */
export interface Syntax {
  readonly type: string
  readonly start: number
  readonly end: number
  readonly [key: string]: unknown
}

let parser: typeof acorn | undefined

/** Parses a text, or throws what acorn says of it. Loaded at the first use: it takes 8 ms. */
export function parse(text: string, sourceType: 'module' | 'script'): Syntax {
  parser ??= createRequire(import.meta.url)('acorn') as typeof acorn
  return parser.parse(text, {
    ecmaVersion: 'latest',
    sourceType,
    allowReturnOutsideFunction: true,
    allowSuperOutsideMethod: true,
    allowHashBang: true,
    checkPrivateFields: false,
  } as acorn.Options) as unknown as Syntax
}

/** The nodes in a node. */
export function* childrenOf(node: Syntax): Iterable<Syntax> {
  for (const key in node) {
    const child = node[key]
    if (typeof child !== 'object' || child === null) continue
    if (Array.isArray(child)) {
      for (const one of child) if (isSyntax(one)) yield one
    } else if (isSyntax(child)) yield child
  }
}

function isSyntax(value: unknown): value is Syntax {
  return typeof value === 'object' && value !== null && typeof (value as Syntax).type === 'string'
}
