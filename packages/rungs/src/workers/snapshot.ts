// A call that waits: what is changed in its arguments after submit is not meant for it.
import { BytesCall, isCopied, type Packed, plainly, type ShippedCall } from '../calls/index.js'
import { Shelved } from './shelf.js'

/** The call with its data copied, where there is something that can be changed. */
export function snapshotOf(shipped: ShippedCall): ShippedCall {
  if (shipped instanceof BytesCall) return shipped
  const { target, args, captured } = shipped
  const copy = copyOf(args)
  const copyOfCaptured = captured && copyOf(captured)
  return copy === args && copyOfCaptured === captured ? shipped : { target, args: copy, captured: copyOfCaptured }
}

/** Plain arguments as they are now. */
export function argumentsOfThen(args: readonly unknown[]): readonly unknown[] {
  return copyOf(plainly(args)).data as readonly unknown[] // What it was made of.
}

/** Nobody will send it any more. */
export function dropShelved({ args, captured }: ShippedCall): void {
  if (args instanceof Shelved) args.drop()
  if (captured instanceof Shelved) captured.drop()
}

/** Whether it can be sent only once: something in it moves. */
export function isSentOnce({ args, captured }: ShippedCall): boolean {
  return args.transfer.length > 0 || (captured !== undefined && captured.transfer.length > 0)
}

/** What moves is taken out of where it was, and then copied each time that the call is sent. Ports and streams can only move. */
export function repeatable(shipped: ShippedCall): ShippedCall {
  const { target, args, captured } = shipped
  if (!isSentOnce(shipped)) return shipped
  return { target, args: movedOut(args), captured: captured && movedOut(captured) }
}

function movedOut(packed: Packed): Packed {
  const { plain, data, uses, transfer } = packed
  if (transfer.length === 0 || !transfer.every((part) => part instanceof ArrayBuffer)) return packed
  return { plain, data: structuredClone(data, { transfer: [...transfer] }), uses, transfer: [] }
}

/** Not of what is a copy already. What is moved is given away now. Ports and streams go when the call does: each move would be another pipe. */
export function copyOf(packed: Packed): Packed {
  if (packed instanceof Shelved) return packed
  const { plain, data, uses, transfer } = packed
  if (transfer.length === 0 && !(plain ? mayChange(data) : !isCopied(packed))) return packed
  try {
    if (transfer.length > 0) return transfer.every((part) => part instanceof ArrayBuffer) ? new Shelved(packed) : packed
    return { plain, data: plain ? copyOfPlain(data as readonly unknown[]) : structuredClone(data), uses, transfer }
  } catch {
    // Whatever it is: it will not be possible to send it either, and that is told then.
    return packed
  }
}

/** Bytes are copied once, where a clone would write and read them. Only when nothing else among the arguments could be the same object. */
function copyOfPlain(data: readonly unknown[]): unknown[] {
  const objects = data.filter((value) => typeof value === 'object' && value !== null)
  const [bytes] = objects
  if (objects.length > 1 || !ArrayBuffer.isView(bytes) || bytes instanceof DataView) return structuredClone(data) as unknown[]
  return data.map((value) => (value === bytes ? (bytes as Uint8Array).slice() : value))
}

/** Whether there is something in a list of plain values that can be changed. */
function mayChange(values: unknown): boolean {
  if (!Array.isArray(values)) return false
  for (let at = 0; at < values.length; at++) if (typeof values[at] === 'object' && values[at] !== null) return true
  return false
}
