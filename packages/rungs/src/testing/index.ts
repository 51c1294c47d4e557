// For tests: ours, and those of whoever writes or uses an executor. Needs no test framework.
export { type ContractCase, type ContractFeatures, type ContractOptions, executorContract } from './executor-contract.js'
export { VirtualClock } from './virtual-clock.js'
