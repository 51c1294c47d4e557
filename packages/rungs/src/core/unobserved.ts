// A future that failed and that nobody looked at is reported when it is collected, or when the process ends. Only failures pay for this.
import { type CallSite, framesOf } from './call-site.js'
import { report } from './report.js'

interface Failure {
  readonly reason: unknown
  readonly site: CallSite | undefined
  readonly label: string
}

/** The token under which a failure was registered; the future keeps it to withdraw the failure when somebody looks. */
export type Unobserved = object

const pending = new Map<Unobserved, Failure>()
let watchesExit = false

const collected = new FinalizationRegistry<Unobserved>((token) => {
  const failure = pending.get(token)
  if (failure !== undefined && pending.delete(token)) tell(failure)
})

export function watch(future: object, failure: Failure): Unobserved {
  const token = {}
  pending.set(token, failure)
  collected.register(future, token, token)
  if (!watchesExit) {
    watchesExit = true
    process.on('exit', () => {
      for (const failure of pending.values()) tell(failure, true)
      pending.clear()
    })
  }
  return token
}

export function withdraw(token: Unobserved): void {
  if (pending.delete(token)) collected.unregister(token)
}

function tell({ reason, site, label }: Failure, atExit = false): void {
  const frames = framesOf(site)
  const where = frames === undefined ? '' : `. It was submitted\n${frames}\nand failed with`
  report('RUNGS_UNOBSERVED', `${label} failed and nobody looked at its result${where}`, reason, atExit)
}
