import { Future, type FutureResolvers } from '../../dist/core/future.js'

export const falsy = [undefined, null, 0, -0, Number.NaN, '', false, 0n]
export const pending = () => Future.withResolvers<number>()

/** A failed future that somebody has looked at. */
export function failed(reason: unknown): Future<number> {
  const { future, reject } = pending()
  reject(reason)
  future.catch(() => {})
  return future
}

export async function warningsDuring(act: () => unknown): Promise<Error[]> {
  const warnings: Error[] = []
  const listen = (warning: Error): void => void warnings.push(warning)
  process.on('warning', listen)
  await act()
  await new Promise((resolve) => setImmediate(resolve))
  process.off('warning', listen)
  return warnings
}

export type Resolvers = FutureResolvers<number>
export const make = (n: number): Resolvers[] => Array.from({ length: n }, () => Future.withResolvers<number>())
export const futuresOf = (all: readonly Resolvers[]): Future<number>[] => all.map(({ future }) => future)
export const tick = () => new Promise((resolve) => setImmediate(resolve))
