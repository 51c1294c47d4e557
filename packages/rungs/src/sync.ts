export {} from './executors/to-thread.js'
export * from './sync/index.js'
