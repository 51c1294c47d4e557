// What Node has of a socket and does not show: its descriptor, and memory to read into.
import { Socket } from 'node:net'

const readSize = 64 * 1024

export interface Handle {
  readonly fd?: number
}

export function handleOf(stream: Socket | null | undefined): Handle | undefined {
  return (stream as { readonly _handle?: Handle | null } | null | undefined)?._handle ?? undefined
}

export function fdOf(stream: Socket | null | undefined): number | undefined {
  const fd = handleOf(stream)?.fd
  return fd !== undefined && fd >= 0 ? fd : undefined
}

/**
 * The same connection, read into memory of our own: what `spawn` gives us allocates 64 KB for each read, and hands them on by way of a stream. That
 * costs more than all else that is done for a short call.
 */
export function reading(given: Socket, handle: Handle, read: (bytes: Uint8Array) => void): Socket {
  ;(given as unknown as { _handle: Handle | null })._handle = null
  given.destroy()
  const buffer = Buffer.allocUnsafeSlow(readSize)
  const callback = (count: number): boolean => {
    read(buffer.subarray(0, count))
    return true
  }
  // The declarations of Node know `handle` not at all, and `onread` of connections that are yet to be made only.
  const options = { handle, onread: { buffer, callback } }
  const socket = new Socket(options as ConstructorParameters<typeof Socket>[0])
  // What goes wrong with it is told by the end of the process.
  socket.on('error', () => {})
  return socket
}
