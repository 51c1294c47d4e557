// What `RUNGS_DEBUG=1` adds. It costs time, so nothing of it runs otherwise.
import { report } from '../core/report.js'
import { watchLoop } from './blocked-loop.js'
import { watchDeadlocks } from './deadlock.js'
import { debugging } from './debugging.js'
import { taskTree } from './print-tasks.js'
import { allTasks } from './task.js'

if (debugging) {
  watchLoop(100)
  watchDeadlocks(1_000)
  process.on('exit', () => {
    const alive = allTasks()
    if (alive.size > 0) report('RUNGS_ALIVE', `The process ends, and ${alive.size} tasks have not`, `\n${taskTree()}`, true)
  })
}
