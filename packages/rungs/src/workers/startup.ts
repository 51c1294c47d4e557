// What a worker runs before its first call or after its last one, as it is handed over with its start: with all the definitions that it needs.
import type { Outgoing, ShippedCall } from '../calls/index.js'
import type { Definitions, Startup } from './messages.js'

export function startupOf(shipped: ShippedCall | undefined, outgoing: Outgoing): Startup | undefined {
  if (shipped === undefined) return undefined
  const { target, captured, args } = shipped
  const ids = new Set([...(captured?.uses ?? []), ...args.uses, target])
  const definitions: Definitions = [...ids].map((id) => [id, outgoing.definition(id)] as const)
  return {
    target,
    captured: captured && { plain: captured.plain, data: captured.data },
    args: { plain: args.plain, data: args.data },
    definitions,
  }
}
