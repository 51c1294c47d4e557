// Notices that something has kept the event loop from turning, and which code did. The inspector samples the stack while the loop is
// blocked; where there is no inspector, only the time is told. Only while debugging.
import { announce } from '../core/report.js'

/** The parts of `node:inspector` that are used; it is fetched while running, so that nothing loads it otherwise. */
interface Session {
  connect(): void
  post(method: string, params?: object, done?: (error: Error | null, result?: { profile: Profile }) => void): void
}
interface ProfileNode {
  readonly id: number
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number; readonly columnNumber: number }
  readonly children?: readonly number[]
}
interface Profile {
  readonly nodes: readonly ProfileNode[]
  readonly samples?: readonly number[]
}

const every = 20

/** Reports each time the loop did not turn for `limit` milliseconds. Gives what stops it. */
export function watchLoop(limit: number): () => void {
  const session = openProfiler()
  let last = performance.now()
  let ticks = 0
  const look = (): void => {
    const now = performance.now()
    const blocked = now - last - every
    last = now
    if (blocked >= limit) {
      stackOf(session, (stack) => {
        announce(
          'RUNGS_BLOCKED',
          `The event loop was blocked for ${Math.round(blocked)} ms${stack ?? '. There is no inspector for its stack'}`,
        )
      })
      last = performance.now()
    } else if (++ticks % 50 === 0) restart(session) // A profile of hours is not kept.
  }
  const timer = setInterval(look, every)
  timer.unref()
  return () => {
    clearInterval(timer)
    session?.post('Profiler.stop')
  }
}

function openProfiler(): Session | undefined {
  try {
    const inspector = process.getBuiltinModule?.('node:inspector') as { Session: new () => Session } | undefined
    if (inspector === undefined) return undefined
    const session = new inspector.Session()
    session.connect()
    session.post('Profiler.enable')
    session.post('Profiler.setSamplingInterval', { interval: 10_000 })
    session.post('Profiler.start')
    return session
  } catch {
    return undefined
  }
}

function restart(session: Session | undefined): void {
  session?.post('Profiler.stop')
  session?.post('Profiler.start')
}

/** The stack that was seen most often since the last look. */
function stackOf(session: Session | undefined, done: (stack: string | undefined) => void): void {
  if (session === undefined) done(undefined)
  else {
    session.post('Profiler.stop', undefined, (error, result) =>
      done(error === null && result !== undefined ? heaviest(result.profile) : undefined),
    )
    session.post('Profiler.start')
  }
}

function heaviest({ nodes, samples = [] }: Profile): string | undefined {
  const parents = new Map<number, ProfileNode>()
  const byId = new Map<number, ProfileNode>()
  for (const node of nodes) {
    byId.set(node.id, node)
    for (const child of node.children ?? []) parents.set(child, node)
  }
  const counts = new Map<number, number>()
  for (const id of samples) if (!isIdle(byId.get(id))) counts.set(id, (counts.get(id) ?? 0) + 1)
  const most = [...counts].sort((a, b) => b[1] - a[1])[0]
  if (most === undefined) return undefined
  const frames: string[] = []
  for (let node = byId.get(most[0]); node !== undefined; node = parents.get(node.id)) {
    const { functionName, url, lineNumber, columnNumber } = node.callFrame
    if (functionName === '(root)') break
    frames.push(`    at ${functionName || '<anonymous>'} (${url || 'native'}:${lineNumber + 1}:${columnNumber + 1})`)
  }
  return `:\n${frames.slice(0, 10).join('\n')}`
}

function isIdle(node: ProfileNode | undefined): boolean {
  return node === undefined || ['(idle)', '(program)', '(root)', '(garbage collector)'].includes(node.callFrame.functionName)
}
