// What a case plays on: it opens executors and boards, waits for conditions, and at the end nothing of it is left.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause, setImmediate as turn } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { inspect } from 'node:util'
import type { Executor } from '../../core/executor.js'
import { type Board, closeBoard, openBoard, removeBoard } from './board.js'
import type { ContractOptions, Features } from './features.js'

export type Open = (options?: ContractOptions) => Executor

/** Adds a case to its group. */
export type Add = (name: string, play: (scene: Scene) => Promise<void>, limit?: number) => void

/** A module of cases: adds those that hold for an executor with these features. */
export type Group = (add: Add, features: Features) => void

/** Milliseconds that a case may take. Far more than any needs, on a machine that does other things too. */
const usualLimit = 15_000
/** Milliseconds that its executors may take to end after it. */
const closingLimit = 5_000

export class Scene {
  readonly features: Features
  readonly #open: Open
  readonly #opened: Executor[] = []
  readonly #boards: Board[] = []
  readonly #folders: string[] = []
  readonly #warnings: Error[] = []
  readonly #heard = (warning: Error): void => {
    this.#warnings.push(warning)
  }
  #waitingFor = 'its calls'
  #closed = false

  constructor(open: Open, features: Features) {
    this.#open = open
    this.features = features
    process.on('warning', this.#heard)
  }

  /** Plays a case and clears up, whatever happens. */
  static async perform(open: Open, features: Features, play: (scene: Scene) => Promise<void>, limit = usualLimit): Promise<void> {
    const scene = new Scene(open, features)
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`The case has not ended after ${limit} ms. ${scene.#describe()}`)), limit)
    })
    try {
      await Promise.race([play(scene), late])
    } finally {
      clearTimeout(timer)
      await scene.#close()
    }
  }

  /** An executor that the case need not end. */
  readonly open = (options?: ContractOptions): Executor => {
    const executor = options === undefined ? this.#open() : this.#open(options)
    this.#opened.push(executor)
    return executor
  }

  /** What the cases of bad input open with: the types refuse it, JavaScript does not. */
  readonly openWith = (options: unknown): Executor => this.open(options as ContractOptions)

  /** A new board; calls that wait on it end with the case. */
  readonly board = (): Board => {
    const board = openBoard(this.features.sharedMemory)
    this.#boards.push(board)
    return board
  }

  /** A module file: its address, and a function that writes other text to it. */
  readonly module = (text: string): { readonly url: string; rewrite(text: string): void } => {
    const folder = mkdtempSync(join(tmpdir(), 'rungs-module-'))
    this.#folders.push(folder)
    const file = join(folder, 'module.mjs')
    writeFileSync(file, text)
    return { url: pathToFileURL(file).href, rewrite: (other) => writeFileSync(file, other) }
  }

  /** Waits until `holds()`, and fails after a while, saying what it waited for. */
  readonly until = async (what: string, holds: () => boolean, limit = 8_000): Promise<void> => {
    this.#waitingFor = what
    const end = performance.now() + limit
    while (!holds()) {
      // A case that is over must not go on in the background.
      if (this.#closed || performance.now() > end) assert.fail(`Not so after ${limit} ms: ${what}. ${this.#describe()}`)
      await pause(2)
    }
  }

  /** Lets everything happen that can happen within `ms`: for cases that say that something does not. */
  readonly settle = async (ms = 30): Promise<void> => {
    await pause(ms)
    await turn()
  }

  /** Warnings of the process since the case began. */
  readonly warnings = (): readonly Error[] => this.#warnings

  #describe(): string {
    const executors = this.#opened.map(
      (executor) => `${executor.name} ${inspect(statsOf(executor), { breakLength: Number.POSITIVE_INFINITY })}`,
    )
    return `It was waiting for: ${this.#waitingFor}. Executors: ${executors.join('; ') || 'none'}`
  }

  async #close(): Promise<void> {
    const description = this.#describe()
    this.#closed = true
    for (const board of this.#boards) closeBoard(board)
    const ends = Promise.all(this.#opened.map((executor) => executor.terminate()))
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new Error(`terminate() has not ended ${closingLimit} ms after the case. Before it: ${description}`)),
        closingLimit,
      )
    })
    try {
      await Promise.race([ends, late])
    } finally {
      clearTimeout(timer)
      process.off('warning', this.#heard)
      for (const board of this.#boards) removeBoard(board)
      for (const folder of this.#folders) rmSync(folder, { recursive: true, force: true })
    }
  }
}

function statsOf(executor: Executor): unknown {
  try {
    return executor.stats
  } catch (error) {
    return error
  }
}
