// Runs the compiled programs as their users do: as processes of their own.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface Running {
  readonly process: ChildProcess
  readonly ended: Promise<Ended>
  /** The first match in what it has printed so far, or prints until it ends. */
  printed(pattern: RegExp): Promise<RegExpExecArray>
  /** The same of what it has written to stderr. */
  warned(pattern: RegExp): Promise<RegExpExecArray>
}

/** `program` is a path under `dist`. It does not outlive the test. `detached`: it leads a group of processes of its own, as in a terminal. */
export function start(program: string, args: readonly string[] = [], env: Record<string, string> = {}, { detached = false } = {}): Running {
  const path = fileURLToPath(new URL(`../dist/${program}`, import.meta.url))
  const child = spawn(process.execPath, [path, ...args], { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'], detached })
  onTestFinished(() => void child.kill('SIGKILL'))
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, stdout, stderr }))
  const awaitMatch = async (stream: Readable, text: () => string, pattern: RegExp): Promise<RegExpExecArray> => {
    for (;;) {
      const match = pattern.exec(text())
      if (match !== null) return match
      if (stream.readableEnded) throw new Error(`printed no ${pattern}, but:\n${stdout}${stderr}`)
      await Promise.race([once(stream, 'data'), once(stream, 'end')])
    }
  }
  const printed = (pattern: RegExp) => awaitMatch(child.stdout, () => stdout, pattern)
  const warned = (pattern: RegExp) => awaitMatch(child.stderr, () => stderr, pattern)
  return { process: child, ended, printed, warned }
}

export const run = (program: string, args?: readonly string[], env?: Record<string, string>): Promise<Ended> =>
  start(program, args, env).ended

export const linesOf = (text: string): string[] => text.split('\n').slice(0, -1)

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch {
    return false
  }
  // A container without an init process keeps the entry of an ended process whose parent is gone.
  return process.platform !== 'linux' || !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
}
