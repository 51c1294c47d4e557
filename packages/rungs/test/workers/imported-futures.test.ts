import { describe, expect, it } from 'vitest'
import { WorkerDiedError } from '../../src/core/errors.js'
import { ImportedFutures } from '../../src/workers/imported-futures.js'
import type { Inbox } from '../../src/workers/inbox.js'
import type { FromWorker } from '../../src/workers/messages.js'
import type { Outbox } from '../../src/workers/outbox.js'

type Told = FromWorker & { type: 'future' }

/** What was posted, and an inbox that reads at once; `unreadable`: it cannot. */
function scene(unreadable?: Error) {
  const posted: unknown[] = []
  const outbox = {
    pack: (value: unknown) => ({ plain: true, data: value, uses: [], transfer: [] }),
    definitionsFor: () => undefined,
    post: (message: unknown) => posted.push(message),
  } as unknown as Outbox
  const inbox = {
    read: (_: unknown, { data }: { data: unknown }, use: (value: unknown) => void, failed: (error: unknown) => void) =>
      unreadable === undefined ? use(data) : failed(unreadable),
  } as unknown as Inbox
  const imported = new ImportedFutures(outbox)
  const come = (id: number) => imported.fromHandle({ kind: 'future', handle: 0, exported: id, facts: { key: 'k' } })
  const tell = (id: number, status: Told['status'], data: unknown): void =>
    imported.told({ type: 'future', id, key: 'k', status, value: { plain: true, data }, definitions: undefined }, inbox)
  return { imported, posted, come, tell }
}

describe('a future of a worker', () => {
  it('has its outcome and its key, whether it or its outcome comes first', async () => {
    const { come, tell } = scene()
    const first = come(1)
    tell(1, 'fulfilled', 'one')
    tell(2, 'fulfilled', 'two')
    const second = come(2)
    expect([await first, await second, first.key, second.key]).toEqual(['one', 'two', 'k', 'k'])
  })

  it('is cancelled when it was there, whatever the reason is', async () => {
    const { come, tell, posted } = scene()
    const future = come(1)
    tell(1, 'cancelled', undefined)
    expect(future.cancelled).toBe(true)
    await expect(future).rejects.toMatchObject({ name: 'CancelledError' })
    expect(posted).toEqual([])
  })

  it('tells the worker when it is cancelled here, once', () => {
    const { come, posted } = scene()
    const future = come(1)
    future.cancel('enough')
    future.cancel('again')
    expect(posted).toMatchObject([{ type: 'cancelFuture', id: 1, reason: { data: 'enough' } }])
  })

  it('fails when its value cannot be read, and is not told of again when the worker ends', async () => {
    const { come, tell, imported } = scene(new RangeError('no'))
    const future = come(1)
    tell(1, 'fulfilled', 1)
    imported.gone(new WorkerDiedError('gone'))
    await expect(future).rejects.toThrow('no')
  })

  it('fails when the worker ends before it', async () => {
    const { come, imported } = scene()
    const future = come(1)
    imported.gone(new WorkerDiedError('gone'))
    await expect(future).rejects.toBeInstanceOf(WorkerDiedError)
  })
})
