// What `RUNGS_DEBUG=1` adds. It costs time, so nothing of it runs otherwise.
import { announce } from '../core/report.js'
import { watchLoop } from './blocked-loop.js'
import { watchDeadlocks } from './deadlock.js'
import { debugging } from './debugging.js'
import { taskTree } from './print-tasks.js'
import { allTasks } from './task.js'

if (debugging) {
  watchLoop(100)
  watchDeadlocks(1_000)
  process.on('exit', () => {
    const { size } = allTasks()
    const alive = size === 1 ? '1 task has' : `${size} tasks have`
    if (size > 0) announce('RUNGS_ALIVE', `The process ends, and ${alive} not:\n${taskTree().trimEnd()}`, true)
  })
}
