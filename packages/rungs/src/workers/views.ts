// The kinds of views of buffers (typed arrays, DataView), by their number on the way.

const names = [
  'Uint8Array',
  'Int8Array',
  'Uint8ClampedArray',
  'Int16Array',
  'Uint16Array',
  'Int32Array',
  'Uint32Array',
  'Float32Array',
  'Float64Array',
  'BigInt64Array',
  'BigUint64Array',
  'DataView',
  'Float16Array',
]

type ViewClass = new (buffer: ArrayBufferLike, byteOffset?: number, length?: number) => ArrayBufferView

/** -1: none of those. */
export function viewKindOf(view: ArrayBufferView): number {
  return names.indexOf(Object.prototype.toString.call(view).slice(8, -1))
}

export function viewClass(kind: number): ViewClass {
  return Reflect.get(globalThis, names[kind] ?? '') as ViewClass // One of those.
}

/** What has been written under this number. */
export function viewOf(kind: number, buffer: ArrayBufferLike): ArrayBufferView {
  return new (viewClass(kind))(buffer)
}
