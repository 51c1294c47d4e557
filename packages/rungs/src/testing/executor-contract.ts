// What every executor promises, as cases that run against it. Each file of `contract/` holds those of a topic.
import type { Executor } from '../core/executor.js'
import { callbackCases } from './contract/callbacks.js'
import { cancelCases } from './contract/cancel.js'
import { captureCases } from './contract/captures.js'
import { deathCases } from './contract/death.js'
import { errorCases } from './contract/errors.js'
import { type ContractFeatures, type ContractOptions, withDefaults } from './contract/features.js'
import { futureCases } from './contract/futures.js'
import { initializerCases } from './contract/initializers.js'
import { inputCases } from './contract/input.js'
import { insideCases } from './contract/inside.js'
import { limitCases } from './contract/limits.js'
import { mapCases } from './contract/map.js'
import { mapFailureCases } from './contract/map-failures.js'
import { moduleCases } from './contract/modules.js'
import { nestingCases } from './contract/nesting.js'
import { queueCases } from './contract/queue.js'
import { retryCases } from './contract/retries.js'
import { type Group, Scene } from './contract/scene.js'
import { shutdownCases } from './contract/shutdown.js'
import { streamCases } from './contract/stream.js'
import { submitCases } from './contract/submit.js'
import { valueCases } from './contract/values.js'
import { workerCases } from './contract/workers.js'

export type { ContractFeatures, ContractOptions } from './contract/features.js'

/** One promise, and how to find out whether an executor keeps it. */
export interface ContractCase {
  /** The topic. */
  readonly group: string
  /** The promise, as a sentence: the name of a test. */
  readonly name: string
  /** Resolves if the promise is kept and rejects if not, always within its time; ends everything it has started. */
  run(): Promise<void>
}

const groups: Readonly<Record<string, Group>> = {
  submit: submitCases,
  futures: futureCases,
  values: valueCases,
  errors: errorCases,
  map: mapCases,
  'failures in a map': mapFailureCases,
  stream: streamCases,
  'queue and concurrency': queueCases,
  cancel: cancelCases,
  'timeout and deadline': limitCases,
  retries: retryCases,
  'inside a call': insideCases,
  'nested calls': nestingCases,
  'modules that are not loaded': moduleCases,
  'captured variables': captureCases,
  callbacks: callbackCases,
  workers: workerCases,
  'initializer and finalizer': initializerCases,
  'death of a worker': deathCases,
  'shutdown and terminate': shutdownCases,
  'bad input': inputCases,
}

/**
 * The cases that say what an executor promises: of `submit`, `map`, `stream`, cancelling, limits, workers and their death, and the end.
 * They need no test framework and work with any: loop over them. Each opens its own executors with `open`, ends them, and fails with a
 * message rather than hang. They may run one after the other only, as some listen to the warnings of the process.
 * @param open makes the executor under test, with the given options; `open(undefined)` takes its defaults.
 * @param features which rung it is, and in what it differs from the others of its kind.
 * @example
 * const cases = executorContract((options) => new ThreadPoolExecutor(options), { kind: 'thread' })
 * for (const { group, name, run } of cases) test(`${group}: ${name}`, run)
 */
export function executorContract(open: (options?: ContractOptions) => Executor, features: ContractFeatures): ContractCase[] {
  const all = withDefaults(features)
  const cases: ContractCase[] = []
  for (const [group, addCases] of Object.entries(groups)) {
    addCases((name, play, limit) => cases.push({ group, name, run: () => Scene.perform(open, all, play, limit) }), all)
  }
  return cases
}
