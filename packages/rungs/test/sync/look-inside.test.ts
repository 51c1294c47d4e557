import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { Event, gather, Lock, printTasks, run, shield, sleep, TaskGroup, timeout } from '../../dist/sync/index.js'
import { jumpingClock, turn } from './support.js'

function print(): string {
  let text = ''
  printTasks({ write: (more) => (text += more) })
  return text
}

/** Runs a program with RUNGS_DEBUG=1, and gives what it writes to stderr. */
function debug(program: string): string {
  const index = new URL('../../dist/sync/index.js', import.meta.url).href
  const source = `import { ${Object.keys({ Event, gather, Lock, printTasks, run, sleep, TaskGroup, timeout }).join(', ')} } from ${JSON.stringify(index)}\n${program}`
  try {
    return execFileSync(process.execPath, ['--input-type=module', '--eval', `${source}`], {
      env: { ...process.env, RUNGS_DEBUG: '1' },
      encoding: 'utf8',
      stdio: ['ignore', 'ignore', 'pipe'],
      timeout: 15_000,
    })
  } catch (error) {
    return String((error as { stderr: string }).stderr)
  }
}
const stderrOf = (program: string): string => debug(`${program}\nprocess.exitCode ??= 1`)

describe('printTasks', () => {
  it('draws the tree of tasks: names, ages, and what each waits for', async () => {
    const time = jumpingClock()
    const go = new Event()
    const lock = new Lock()
    const text = await run(async () => {
      return await TaskGroup.run(async (group) => {
        group.with({ name: 'fetch' }).spawn(async () => {
          using _permit = await lock.acquire()
          await TaskGroup.run((inner) => {
            inner.with({ name: 'part 1' }).spawn(() => go.wait())
            inner.with({ name: 'part 2' }).spawn(() => lock.acquire().then((permit) => permit.release()))
          })
        })
        group.with({ name: 'timer' }).spawn(sleep, 5_000)
        group.with({ name: 'raw' }).spawn(() => turn(20))
        await turn(3)
        time.block(1_500)
        const fresh = group.with({ name: 'fresh' }).spawn(() => {})
        const text = print()
        go.set()
        await fresh
        group.cancel()
        return text
      })
    })
    expect(text).toBe(
      [
        'main  1.5 s  runs, or waits for something of the platform',
        '├── fetch  1.5 s  waits for TaskGroup of 2',
        '│   ├── part 1  1.5 s  waits for Event.wait()',
        '│   └── part 2  1.5 s  waits for Lock.acquire()',
        '├── timer  1.5 s  waits for sleep(5000)',
        '├── raw  1.5 s  runs, or waits for something of the platform',
        '└── fresh  0 ms  has not started',
        '',
      ].join('\n'),
    )
    expect(print()).toBe('no tasks\n')
  })

  it('keeps a task on its line whatever its name, and names what is shielded', async () => {
    const go = new Event()
    const text = await run(() =>
      TaskGroup.run(async (group) => {
        const job = group.with({ name: 'a\nb' }).spawn(() => go.wait())
        group.with({ name: 'c' }).spawn(() => shield(job))
        group.with({ name: 'd' }).spawn(() =>
          shield(async function save() {
            await go.wait()
          }),
        )
        await turn(2)
        const text = print()
        go.set()
        return text
      }),
    )
    expect(text.split('\n').map((line) => line.replace(/ {2}\d+ ms {2}/, ': '))).toEqual([
      'main: runs, or waits for something of the platform',
      '├── a\\nb: waits for Event.wait()',
      '├── c: waits for the call "shield of a\\nb"',
      '└── d: waits for the call "shield save"',
      '    └── shield save: waits for Event.wait()',
      '',
    ])
  })

  it('refuses what is no stream', () => {
    expect(() => printTasks(5 as never)).toThrow(new TypeError('printTasks() takes a stream, or what has a write(), got 5'))
  })
})

describe('RUNGS_DEBUG=1', () => {
  it('reports tasks that wait for each other, with the circle', () => {
    const text = stderrOf(
      `
      const [a, b] = [new Lock(), new Lock()]
      await run(() => TaskGroup.run((group) => {
        group.with({ name: 'left' }).spawn(async () => {
          using first = await a.acquire(); await sleep(1); await b.acquire()
        })
        group.with({ name: 'right' }).spawn(async () => {
          using first = await b.acquire(); await sleep(1); await a.acquire()
        })
      }))`.replaceAll('using', 'const'),
    )
    expect(text).toContain('[RUNGS_DEADLOCK] RungsWarning: Tasks wait for each other, and none can go on:')
    expect(text).toContain('right waits for Lock.acquire()\n  left waits for Lock.acquire()\n')
    expect(text).toMatch(/\[RUNGS_ALIVE\] RungsWarning: The process ends, and 3 tasks have not:\nmain .*\n├── left /)
  })

  it('reports what nobody awaited when main ends', () => {
    const text = stderrOf('await run(() => { void gather([() => sleep(1e6)]) })')
    expect(text).toMatch(/\[RUNGS_NOT_AWAITED\] RungsWarning: Main has ended, and nobody awaited what is cancelled now: \S/)
    expect(stderrOf('await run(() => gather([() => sleep(1)]))')).not.toContain('RUNGS_NOT_AWAITED')
  })

  it('reports tasks that await each other', () => {
    const text = stderrOf(`
      await run(() => TaskGroup.run((group) => {
        const one = group.with({ name: 'one' }).spawn(async () => { await sleep(1); await other })
        const other = group.with({ name: 'other' }).spawn(async () => { await sleep(1); await one.result() })
      }))`)
    expect(text).toContain('none can go on:\n  other waits for the task one\n  one waits for the task other\n')
    const inside = stderrOf(`
      await run(() => TaskGroup.run((group) => {
        const owner = group.with({ name: 'owner' }).spawn(() => TaskGroup.run((inner) => {
          inner.with({ name: 'child' }).spawn(async () => await owner)
        }))
      }))`)
    expect(inside).toContain('none can go on:\n  child waits for the task owner\n  owner waits for TaskGroup of 1\n')
  })

  it('reports them also while the program goes on', () => {
    const text = stderrOf(`
      const server = setInterval(() => {}, 1_000)
      process.on('warning', ({ code }) => code === 'RUNGS_DEADLOCK' && setImmediate(() => process.exit(1)))
      const [a, b] = [new Lock(), new Lock()]
      const both = async (one, other) => { await one.acquire(); await sleep(1); await other.acquire() }
      await run(() => TaskGroup.run((group) => {
        group.with({ name: 'left' }).spawn(both, a, b)
        group.with({ name: 'right' }).spawn(both, b, a)
      }))`)
    expect(text).toContain('right waits for Lock.acquire()\n  left waits for Lock.acquire()')
    expect(text.match(/RUNGS_DEADLOCK/g)).toHaveLength(1)
  })

  it('reports a task that waits for itself, when there is nothing else to do', () => {
    const text = stderrOf('await run(async () => { const lock = new Lock(); await lock.acquire(); await lock.acquire() })')
    expect(text).toContain('Tasks wait for each other, and none can go on:\n  main waits for Lock.acquire()')
  })

  // Each goes on after more than two looks for deadlocks.
  it('does not take for a deadlock what can go on', () => {
    const text = stderrOf(`
      import { setTimeout } from 'node:timers/promises'
      const locked = async (lock, wait) => { const permit = await lock.acquire(); try { await wait() } finally { permit.release() } }
      const circle = (name, end) => TaskGroup.run(async (group) => {
        const lock = new Lock()
        const one = group.with({ name: name + ' 1' }).spawn(() => locked(lock, () => end(other)))
        const other = group.with({ name: name + ' 2' }).spawn(() => locked(lock, () => {}))
      })
      await run(() => Promise.all([
        ...[sleep, setTimeout].map(async (wait) => {
          const lock = new Lock()
          await TaskGroup.run((group) => void group.with({ name: 'two jobs' }).spawn(() =>
            Promise.all([1, 2].map(() => locked(lock, () => wait(2_200))))))
        }),
        circle('race', (other) => Promise.race([other, sleep(2_200)])),
        circle('timeout', (other) => timeout(2_200, () => other).catch(() => {})),
      ]))`)
    expect(text).toBe('')
  })

  it('reports a blocked event loop, with the function that blocked it', () => {
    const text = stderrOf(`
      function crunch() { const end = performance.now() + 400; let n = 0; while (performance.now() < end) n++; return n }
      await run(async () => { await sleep(50); crunch(); await sleep(100) })`)
    expect(text).toMatch(/\[RUNGS_BLOCKED\] RungsWarning: The event loop was blocked for \d+ ms:(\n {4}at .*)*\n {4}at crunch/)
  })

  it('says nothing of a program that is well', () => {
    expect(stderrOf('await run(() => TaskGroup.run((group) => { for (let i = 0; i < 10; i++) group.spawn(sleep, 1) }))')).toBe('')
  })
})
