// The forms in which calls and values travel. Everything here is plain structured-cloneable data, so that the same records pass through
// postMessage between threads and through v8.serialize between processes. README.md draws the whole picture.

import type { KeptBytes } from './bytes.js'
import type { Transferable } from './transfer.js'

/** A value ready to travel: structured-cloneable data plus what must accompany it. */
export interface Packed {
  /** True: `data` is the value itself, and structured clone keeps every meaning of it. A carrier may use any encoding of its own. */
  readonly plain: boolean
  /** The value itself, or a `Table` when `plain` is false. */
  readonly data: unknown
  /** Definitions the reader must have before it reads, in the order in which to send them. */
  readonly uses: readonly number[]
  /** What moves instead of being copied. */
  readonly transfer: readonly Transferable[]
}

/** What a reader needs of a `Packed`. */
export type Readable = Pick<Packed, 'plain' | 'data'>

/** A function call as data. */
export interface ShippedCall {
  /** The definition of what to run. */
  readonly target: number
  /**
   * The captured variables, read at this call; undefined when the definition says it all. Plain when the target is a maker: the list of the
   * function's origin and of values.
   */
  readonly captured: Packed | undefined
  /** The array of arguments. */
  readonly args: Packed
}

/** Turns the library's own live objects (executors, signals, futures, callbacks, shared primitives) into plain handles and back. */
export interface Handles {
  /** Structured-cloneable data that stands for `value`, or undefined when it is not one of ours. */
  toHandle(value: object): unknown
  /** The module that has to be loaded there before the object can be made out of its handle, if there is one. */
  moduleFor?(value: object): string | undefined
  /** The object that a handle stands for on this side. */
  fromHandle(handle: unknown): object
}

/** What a worker keeps by number: sent to it once, before its first use. */
export type Definition =
  /** A global or a part of it: `['Math', 'max']`; a step `get size` is the getter itself. */
  | { readonly kind: 'global'; readonly path: readonly string[] }
  /** A part of a module: an export, or a member of one. An empty path is the module's namespace. */
  | {
      readonly kind: 'export'
      readonly module: ModuleRef
      readonly path: readonly string[]
      /** The sender has a stand-in made by link(), maybe not the export itself. */
      readonly linked?: boolean
    }
  /** A unique symbol. `home`: where the reader has it, if a module made it. */
  | { readonly kind: 'symbol'; readonly description: string | undefined; readonly home?: SymbolHome | undefined }
  /** What a tool has made of a private member: a weak collection, of which each worker has one of its own. */
  | { readonly kind: 'slot'; readonly of: 'WeakMap' | 'WeakSet' }
  /** Source text, compiled once per worker; each call makes instances of it. */
  | { readonly kind: 'code'; readonly code: Code }
  /**
   * A text of which each call has a function of its own, made from an origin and the values of its variables. `fixed`: the definition of what a
   * variable always holds; 0: its value comes with the call.
   */
  | { readonly kind: 'maker'; readonly code: number; readonly fixed: readonly number[]; readonly name: string | undefined }
  /** A value built once per worker: a class, a function that captures nothing that can change, what `share` was given. */
  | { readonly kind: 'value'; readonly packed: Readable; readonly as: 'value' | 'share' | 'perWorker' | 'codec' }

/** Where a module has a symbol: `path` leads to it, or to a function whose surroundings have it as `variable`, or as a member of that. */
export interface SymbolHome {
  readonly module: ModuleRef
  readonly path: readonly string[]
  readonly variable?: readonly string[]
}

/** A module as the worker finds it: an absolute specifier, or one that is resolved as if written in the module `from`. */
export interface ModuleRef {
  readonly specifier: string
  readonly from?: string | undefined
  /** `require` loads it where `import` would not give the same object. `own`: this library's, which is not loaded but here. */
  readonly how: 'import' | 'require' | 'own'
}

/** Functions compiled as one text, because they may share variables that are assigned. */
export interface Code {
  readonly url: string
  readonly strict: boolean
  /** Variables that several of the functions share, as nested scopes; the parent of a scope comes before it. */
  readonly scopes: readonly { readonly parent: number; readonly names: readonly string[] }[]
  readonly functions: readonly CodeFunction[]
}

/** One function of a `Code`. */
export interface CodeFunction {
  /** The text, edited only in ways that keep its length. */
  readonly source: string
  readonly form: Form
  /** Where the text begins in its file, from 0. */
  readonly line: number
  readonly column: number
  /** The innermost of the shared scopes that it sees; -1: none. */
  readonly scope: number
  /** Captured variables of its own. */
  readonly names: readonly string[]
  /** Variables that a class captured and that cannot cross: using one throws a ReferenceError. */
  readonly absent: readonly string[]
  /** Why, of each. */
  readonly whyAbsent: readonly string[]
  /** Its variables are read while it is made: a class with computed keys or private static fields. */
  readonly early: boolean
}

/** What a text is, which says how it becomes an expression. */
export type Form = 'function' | 'class' | 'method' | 'get' | 'set'

/** A graph of values as a flat list, so that its depth is no limit. An entry is a primitive or an array that begins with a `Kind`. */
export interface Table {
  /** Entry 0 is the value. */
  readonly nodes: readonly unknown[]
  /** Definitions that the nodes mention. */
  readonly uses: readonly number[]
  /** Joins the table of a call's function to that of its arguments. */
  readonly call?: number
  /** It points into the other table of its call. */
  readonly beside?: boolean
}

/** A definition with those that it needs itself, so that a carrier which only knows the target of a call can send it alone. */
export interface SentDefinition {
  readonly needs: readonly (readonly [id: number, definition: Definition])[]
  readonly definition: Definition
}

/** What a node is. The comment gives what follows the kind; `…At` is the place of another entry in the table. */
export const Kind = {
  /** names, valuesAt, prototypeAt?, extras? */
  object: 1,
  /** length, valuesAt (-1 is a hole), prototypeAt?, extras?, indices? (of an array that is mostly holes: where the values are) */
  array: 2,
  /** keysAt, valuesAt, prototypeAt?, extras? */
  map: 3,
  /** valuesAt, prototypeAt?, extras? */
  set: 4,
  /** time, prototypeAt?, extras? */
  date: 5,
  /** source, flags, lastIndex, prototypeAt?, extras? */
  regexp: 6,
  /** primitiveAt, prototypeAt?, extras? */
  boxed: 7,
  /** names, valuesAt, prototypeAt?, extras?, message and name as the class DOMException keeps them (of one that extends it) */
  error: 8,
  /** a value that structured clone carries as it is */
  clone: 9,
  /** class name, bufferAt, byteOffset, length, prototypeAt?, extras?, true (it has the length of its buffer) */
  view: 10,
  /** id of a definition of the sender */
  defined: 11,
  /** id of a definition of the reader: the original is there */
  yours: 12,
  /** key of Symbol.for */
  symbolFor: 13,
  /** a handle made by Handles */
  handle: 14,
  /** constructor name, argsAt */
  construct: 15,
  /** codecAt, payload (a Readable): made by a codec given to register() */
  encoded: 16,
  /** targetAt, thisAt, argsAt; and if it has something of its own: names, valuesAt, prototypeAt?, extras? */
  bound: 17,
  /** classAt: the object in `prototype` of that class */
  prototype: 18,
  /** id of a definition of kind `code`, valuesAt of each function's own variables, valuesAt of each scope's */
  code: 19,
  /**
   * codeAt, number of the function in it, origin, heritageAt or -1, name, names, valuesAt, prototypeAt?, extras?, the place of
   * the object that holds a method which uses `super`. The origin is the sender's id of the function; negative: the reader's, which has the original if that still lives.
   */
  function: 20,
  /** valuesAt */
  arguments: 21,
  /** what kept it from crossing: reading it throws */
  absent: 22,
  /** the place in the table of the call's function */
  beside: 23,
} as const

/** Properties that are not plain data, and whether the object can be changed. */
export interface Extras {
  /** key, flags (1 writable, 2 enumerable, 4 configurable), value — or getter and setter, -1 for none. */
  readonly properties: readonly (readonly [keyAt: number, flags: number, at: number, setterAt?: number])[]
  /** 0 can grow, 1 not extensible, 2 sealed, 3 frozen */
  readonly integrity: number
}

/** Of what is not plain: whether nothing in it is memory that somebody may still write to and that is not shared on purpose. */
export function isCopied({ data }: Packed): boolean {
  for (const node of (data as Table).nodes) {
    if (!Array.isArray(node)) continue
    const [kind, value] = node
    if (kind === Kind.encoded || (kind === Kind.clone && value instanceof ArrayBuffer)) return false
  }
  return true
}

/** Of what is not plain: whether something in it stands for an object that stays here. */
export function hasHandles({ data }: Packed): boolean {
  return (data as Table).nodes.some((node) => Array.isArray(node) && (node[0] === Kind.handle || node[0] === Kind.encoded))
}

/** The letter that generated names begin with. A text may use it too, but for the names that are put into texts. */
export const LETTER = 'Ξ'

/** Under this name a class carries what is to be added to its prototype object. */
export const PATCHES = 'Ξprototype'

/** Under this name a class carries the private static members that a tool has written out: slot, value, slot, value, … */
export const STATICS = 'Ξstatics'

/** No definitions and nothing to move: shared, because nearly every value is like this. */
export const NONE: readonly never[] = Object.freeze([])

/** A value that structured clone carries with every meaning. */
export function plainly(data: unknown): Packed {
  return { plain: true, data, uses: NONE, transfer: NONE }
}

/** What nearly every call is, and thousands may wait: a function that is known and plain arguments. One object for both records. */
export class PlainCall implements ShippedCall, Packed {
  constructor(
    readonly target: number,
    readonly data: readonly unknown[],
  ) {}

  get captured(): undefined {
    return undefined
  }

  get args(): Packed {
    return this
  }

  get plain(): true {
    return true
  }

  get uses(): readonly number[] {
    return NONE
  }

  get transfer(): readonly Transferable[] {
    return NONE
  }
}

/** One of the arguments is bytes, which lie elsewhere: `kept` stands in its place. The others are copies too. */
export class BytesCall extends PlainCall {
  constructor(
    target: number,
    data: readonly unknown[],
    readonly kept: KeptBytes,
    /** Which argument. */
    readonly at: number,
  ) {
    super(target, data)
  }
}
