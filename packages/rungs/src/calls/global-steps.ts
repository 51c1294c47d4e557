// How the path of a global is read: where it begins, and what its steps mean. See globals.ts, which makes such paths.

/** Built-in classes that no global names. A path may begin with one. */
export const UNNAMED: ReadonlyMap<string, unknown> = new Map([
  ['%AsyncFunction%', (async () => {}).constructor],
  ['%AsyncGeneratorFunction%', async function* () {}.constructor],
  ['%GeneratorFunction%', function* () {}.constructor],
  ['%TypedArray%', Object.getPrototypeOf(Uint8Array)],
])

/** What a path of a global begins at. */
export function firstOf(name: string): unknown {
  return UNNAMED.get(name) ?? Reflect.get(globalThis, name)
}

/** The key that a step of a path means. */
export function keyOf(step: string): PropertyKey {
  const name = /^\[Symbol\.(\w+)\]$/.exec(step)?.[1]
  return name === undefined ? step : (Reflect.get(Symbol, name) as symbol)
}
