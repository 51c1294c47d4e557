// A contestant in a process of its own: its garbage, its compiled code and its threads do not touch the others, its memory can be told
// apart, and whatever it does it can be ended. It is spoken to in lines of JSON: { kind, count } goes to its stdin, and one line comes
// back, { ready } at its start, then { sample } or { failed } per run. The end of its stdin tells it to close. What else it prints
// is no reply and is left out.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { AbsentError, type Sample, type Session } from './claim.js'

/** What a program answers; one of the fields is there. */
export interface Reply {
  readonly ready?: { readonly version: string }
  readonly sample?: Sample
  readonly absent?: string
  readonly failed?: string
}

const alive = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of alive) killGroup(child)
})

/** Starts a Node process that sets up the contestant of this claim. */
export function startStage(claim: string, contestant: string): Session {
  return startProgram(process.execPath, ['--expose-gc', fileURLToPath(new URL('stage.js', import.meta.url)), claim, contestant])
}

export function startProgram(command: string, args: readonly string[]): Session & { readonly pid: number | undefined } {
  // A group of its own, so that what it starts is ended with it.
  const child = spawn(command, args, { stdio: 'pipe', detached: process.platform !== 'win32' })
  alive.add(child)
  const ended = whenEnded(child, command)
  child.stdin.on('error', () => {}) // It has ended: `ended` says why.
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()

  async function reply(): Promise<Reply> {
    for (;;) {
      const line = await lines.next()
      if (line.done) throw await ended
      const message = parse(line.value)
      if (message?.absent !== undefined) throw new AbsentError(message.absent)
      if (message?.failed !== undefined) throw new Error(message.failed)
      if (message !== undefined) return message
    }
  }

  return {
    pid: child.pid,
    async ready() {
      const { ready } = await reply()
      if (ready === undefined) throw new Error('did not say that it is ready')
      return ready
    },
    async run(kind, count) {
      child.stdin.write(`${JSON.stringify({ kind, count })}\n`)
      const { sample } = await reply()
      if (sample === undefined) throw new Error('gave no sample')
      return sample
    },
    async end() {
      child.stdin.end()
      await ended
    },
    kill: () => killGroup(child),
  }
}

/** The reason why nothing more will come from it. */
async function whenEnded(child: ChildProcess, command: string): Promise<Error> {
  let errors = ''
  child.stderr?.on('data', (chunk: Buffer) => {
    errors = (errors + chunk.toString()).slice(-4_000)
  })
  try {
    const [code, signal] = await once(child, 'close')
    // Of a stack trace Node prints the message in the middle and Python at the end: the line that names an error is wanted.
    const lines = errors.trim().split('\n')
    const line = lines.findLast((text) => /^\w*(Error|Exception)\b/.test(text)) ?? lines.at(-1)
    return new Error(`ended with ${signal ?? code}${line ? `: ${line}` : ''}`)
  } catch (error) {
    return isMissing(error) ? new AbsentError(`${command} is not installed`) : asError(error)
  } finally {
    alive.delete(child)
  }
}

function killGroup(child: ChildProcess): void {
  // Not after its end: its number may be another process by then.
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  try {
    process.kill(process.platform === 'win32' ? child.pid : -child.pid, 'SIGKILL')
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}

function parse(line: string): Reply | undefined {
  if (!line.startsWith('{')) return undefined
  try {
    const message: unknown = JSON.parse(line)
    const known = typeof message === 'object' && message !== null
    return known && ['ready', 'sample', 'absent', 'failed'].some((key) => key in message) ? message : undefined
  } catch {
    return undefined
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}
