// For tests: ours, and those of whoever uses the library, or writes an executor. Needs no test framework.
export { type ContractCase, type ContractFeatures, type ContractOptions, executorContract } from './executor-contract.js'
export { type ExploreOptions, explore, type Schedule } from './explore.js'
export { SeededScheduler } from './seeded-scheduler.js'
export { VirtualClock, type VirtualClockOptions } from './virtual-clock.js'
export { whenIdle } from './when-idle.js'
