import { spawnSync } from 'node:child_process'
import { getEventListeners } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import { CancelledError, InvalidStateError } from '../../dist/core/errors.js'
import { allTasks, currentTask, Event, run, shield, sleep, type Task, TaskGroup } from '../../dist/sync/index.js'
import { errorOf, MyError, turn } from './support.js'

describe('run', () => {
  it('gives what main returns, or throws what it throws', async () => {
    expect(await run(() => 42)).toBe(42)
    expect(await run(async () => currentTask()?.name)).toBe('main')
    await expect(
      run(async () => {
        await sleep(0)
        throw new MyError()
      }),
    ).rejects.toThrow(MyError)
    expect(allTasks().size).toBe(0)
  })

  // test_asyncio_run_only_coro, test_asyncio_run_from_running_loop
  it('refuses what is no function, and to be called inside a task', async () => {
    // @ts-expect-error not a function
    expect(() => run(Promise.resolve())).toThrow(TypeError)
    await run(() => {
      expect(() => run(() => {})).toThrow(InvalidStateError)
    })
  })

  // test_asyncio_run_cancels_hanging_tasks
  it('cancels what is left over, and waits for it', async () => {
    let leftover: Task<void> | undefined
    const log: string[] = []
    await run(async () => {
      leftover = new TaskGroup().spawn(async () => {
        try {
          await sleep(100_000)
        } finally {
          await turn(2)
          log.push('cleaned up')
        }
      })
      void shield(() => sleep(100_000)).catch(() => {})
      await sleep(0)
    })
    expect([leftover?.cancelled, log, allTasks().size]).toEqual([true, ['cleaned up'], 0])
  })

  // test_asyncio_run_reports_hanging_tasks_errors
  it('reports the errors of what is left over', async () => {
    const warnings: Error[] = []
    const listener = (warning: Error) => void warnings.push(warning)
    process.on('warning', listener)
    onTestFinished(() => void process.off('warning', listener))
    const value = await run(async () => {
      new TaskGroup().spawn(async () => {
        await errorOf(sleep(100_000))
        throw new MyError('left over')
      })
      await sleep(0)
      return 123
    })
    await turn(2)
    expect(value).toBe(123)
    expect(warnings).toMatchObject([{ name: 'RungsWarning', code: 'RUNGS_TASK', cause: new MyError('left over') }])
  })

  it('reports the error of a task that is left over in a group that was not left once', () => {
    const program = `
      import { run, sleep, TaskGroup } from ${JSON.stringify(new URL('../../dist/sync/index.js', import.meta.url).href)}
      await run(async () => {
        const group = new TaskGroup()
        group.spawn(async () => { try { await sleep(1e6) } finally { throw new Error('left over') } })
        await sleep(1)
      })`
    const { stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', program], { encoding: 'utf8' })
    expect(stderr.match(/RUNGS_\w+/g)).toEqual(['RUNGS_TASK'])
    expect(stderr.match(/Error: left over/g)).toHaveLength(1)
  })

  it('is cancelled by a signal', async () => {
    const controller = new AbortController()
    const log: unknown[] = []
    const running = run(
      async ({ signal }) => {
        try {
          await new Event().wait()
        } finally {
          log.push(signal.aborted)
        }
      },
      { signal: controller.signal },
    )
    await turn()
    controller.abort('stop')
    expect(await errorOf(running)).toMatchObject({ name: 'CancelledError', reason: 'stop' })
  })

  it.each<[string, (scope: { signal: AbortSignal }) => AbortSignal]>([
    ['main gets', ({ signal }) => signal],
    ['its task has', () => currentTask()?.signal as AbortSignal],
  ])('aborts the signal that %s when the one it is run with is', async (_, own) => {
    const controller = new AbortController()
    let seen: AbortSignal | undefined
    const running = run(
      async (scope) => {
        seen = own(scope)
        await pause(100_000, undefined, { signal: seen })
      },
      { signal: controller.signal },
    )
    await turn()
    controller.abort('stop')
    expect(await errorOf(running)).toMatchObject({ name: 'CancelledError', reason: 'stop' })
    expect(seen?.reason).toMatchObject({ name: 'CancelledError', reason: 'stop' })
  })

  it('begins with a signal that is aborted already, and throws at the first wait', async () => {
    const log: unknown[] = []
    const running = run(
      async ({ signal }) => {
        log.push(signal.aborted)
        await sleep(0)
        log.push('not here')
      },
      { signal: AbortSignal.abort('stop') },
    )
    expect(await errorOf(running)).toMatchObject({ name: 'CancelledError', reason: 'stop' })
    expect(log).toEqual([true])
  })

  it('forgets the signal when main has ended', async () => {
    const { signal } = new AbortController()
    await run(() => sleep(0), { signal })
    expect(getEventListeners(signal, 'abort')).toEqual([])
  })

  // test_interrupt_call_soon, test_interrupt_wait
  it('is cancelled by SIGINT, and gives the signal back', async () => {
    const before = process.listenerCount('SIGINT')
    const running = run(
      async ({ signal }) => {
        queueMicrotask(() => process.emit('SIGINT'))
        try {
          await new Event().wait()
        } finally {
          expect(signal.aborted).toBe(true)
        }
      },
      { handleSigint: true },
    )
    expect(await errorOf(running)).toBeInstanceOf(CancelledError)
    expect(await errorOf(running)).toMatchObject({ reason: 'SIGINT' })
    expect(process.listenerCount('SIGINT')).toBe(before)
  })

  it('leaves SIGINT alone if told to, or if somebody listens already', async () => {
    const count = () => process.listenerCount('SIGINT')
    const before = count()
    expect(await run(count, { handleSigint: false })).toBe(before)
    const mine = () => {}
    process.on('SIGINT', mine)
    onTestFinished(() => void process.off('SIGINT', mine))
    expect(await run(count)).toBe(before + 1)
  })
})
