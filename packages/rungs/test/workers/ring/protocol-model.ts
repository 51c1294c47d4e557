// The sleeping and waking of workers/ring, step by step: each step is one access to shared memory, or one wait. `explore` goes through all orders in
// which the steps of two threads can happen. What is looked for is a state from which nothing goes on though there is something to do: a lost
// wake-up. Timeouts, which would hide one, are not part of the model.

/** Shared memory, and what the kernel and the event loops keep. Plain numbers, so that a state can be compared. */
export interface Shared {
  /** Calls, or replies, that were published, and that were read. */
  head: number
  read: number
  /** Messages that lie at the port of the sleeper, and how many it was told of in shared memory. */
  mail: number
  posted: number
  received: number
  /** RUNNING 0, PARKED 1, LOOPING 2; of the pool's thread AWAKE 0, ASLEEP 1. */
  state: number
  /** Blocked in Atomics.wait: only notify ends it. */
  blocked: number
  /** What a thread has seen: its registers. */
  a: number
  b: number
  /** Calls that have ended, and how many of the others have lent their places; see places-model.ts. */
  ended: number
  lent: number
  /** Whether the worker's thread is in its event loop, a look is scheduled there, or something has called for a run. */
  inLoop: number
  scheduled: number
  wake: number
}

/** @returns the next step of this thread; undefined when it cannot go on now. It may change `shared`. */
export type Step = (shared: Shared) => number | undefined
export type Program = readonly Step[]

const RUNNING = 0
const PARKED = 1
const LOOPING = 2

export interface Result {
  readonly states: number
  /** Where nothing goes on with something left to do. */
  readonly lost: Shared | undefined
}

/** Goes through all interleavings. A thread whose next step is beyond its program has ended. */
export function explore(programs: readonly Program[], isDone: (shared: Shared) => boolean): Result {
  const start: Shared = {
    head: 0,
    read: 0,
    mail: 0,
    posted: 0,
    received: 0,
    state: RUNNING,
    blocked: 0,
    a: 0,
    b: 0,
    ended: 0,
    lent: 0,
    inLoop: 1,
    scheduled: 1,
    wake: 0,
  }
  const open: { shared: Shared; at: number[] }[] = [{ shared: start, at: programs.map(() => 0) }]
  const seen = new Set<string>()
  for (let one = open.pop(); one !== undefined; one = open.pop()) {
    const key = `${Object.values(one.shared)}|${one.at}`
    if (seen.has(key)) continue
    seen.add(key)
    let moved = false
    for (const [thread, program] of programs.entries()) {
      const step = program[one.at[thread] ?? 0]
      if (step === undefined) continue
      const shared = { ...one.shared }
      const next = step(shared)
      if (next === undefined) continue
      moved = true
      open.push({ shared, at: one.at.map((at, index) => (index === thread ? next : at)) })
    }
    if (!moved && !isDone(one.shared)) return { states: seen.size, lost: one.shared }
  }
  return { states: seen.size, lost: undefined }
}

/** What can be left out, or be done in the wrong order. */
export type Fault =
  | 'none'
  | 'looks, then says that it sleeps'
  | 'looks at the state, then publishes'
  | 'no look for mail'
  | 'no look at the end of a lot'
  | 'no second look'

/** PoolEnd.send() and PoolEnd.posted(), `calls` and `messages` times, in this order. `lot`: it looks after so many calls, and at the end. */
export function poolProgram(calls: number, messages: number, fault: Fault, lot = 1): Program {
  const steps: Step[] = []
  const wake = (): void => {
    const load = steps.length
    // Atomics.load(STATE)
    steps.push((s) => {
      s.a = s.state
      return load + 1
    })
    // compareExchange to RUNNING, as far as it was seen asleep
    steps.push((s) => {
      if (s.a === RUNNING || s.state !== s.a) {
        s.a = RUNNING
        return load + 2
      }
      s.state = RUNNING
      return load + 2
    })
    // notify, or a message
    steps.push((s) => {
      if (s.a === PARKED) s.blocked = 0
      if (s.a === LOOPING) {
        s.mail++
        s.posted++
      }
      s.a = 0
      return load + 3
    })
  }
  const publish = (): void => {
    const at = steps.length
    steps.push((s) => {
      s.head++
      return at + 1
    })
  }
  for (let call = 0; call < calls; call++) {
    if (fault === 'looks at the state, then publishes') {
      wake()
      publish()
    } else {
      publish()
      const isLast = call === calls - 1 && fault !== 'no look at the end of a lot'
      if ((call + 1) % lot === 0 || isLast) wake()
    }
  }
  for (let message = 0; message < messages; message++) {
    const at = steps.length
    // postMessage
    steps.push((s) => {
      s.mail++
      return at + 1
    })
    // Atomics.store(POSTED)
    steps.push((s) => {
      s.posted++
      return at + 2
    })
    steps.push((s) => {
      s.a = s.state
      return at + 3
    })
    steps.push((s) => {
      if (s.a === PARKED && s.state === PARKED) s.state = RUNNING
      else s.a = RUNNING
      return at + 4
    })
    steps.push((s) => {
      if (s.a === PARKED) s.blocked = 0
      s.a = 0
      return at + 5
    })
  }
  return steps
}

/** WorkerLoop and WorkerEnd: runs what there is, then rests; `parks` says how. It never ends. */
export function workerProgram(parks: boolean, fault: Fault): Program {
  const asleep = parks ? PARKED : LOOPING
  const early = fault === 'looks, then says that it sleeps'
  const RUN = 0
  const SAY = 1
  const LOOK = 2
  const MAIL = 3
  const REST = 4
  const BLOCKED = 5
  return [
    // RUN: reads all calls; messages come by the event loop, through which it goes before it rests.
    (s) => {
      s.read = s.head
      s.received += s.mail
      s.mail = 0
      return early ? LOOK : SAY
    },
    // SAY: Atomics.store(STATE)
    (s) => {
      s.state = asleep
      return early ? REST : LOOK
    },
    // LOOK: Atomics.load(CALLS_HEAD)
    (s) => {
      s.b = s.head === s.read || fault === 'no second look' ? 0 : 1
      return MAIL
    },
    // MAIL: Atomics.load(POSTED); a message wakes an event loop by itself
    (s) => {
      if (parks && fault !== 'no look for mail' && s.posted !== s.received) s.b = 1
      return early && s.b === 0 ? SAY : REST
    },
    // REST: Atomics.wait() blocks only if the word is still PARKED; an event loop waits for a message
    (s) => {
      if (s.b === 1) {
        s.b = 0
        s.state = RUNNING
        return RUN
      }
      if (parks) {
        if (s.state === PARKED) s.blocked = 1
        return BLOCKED
      }
      if (s.mail === 0) return undefined
      s.state = RUNNING
      return RUN
    },
    // BLOCKED: until notified
    (s) => {
      if (s.blocked === 1) return undefined
      s.state = RUNNING
      return RUN
    },
  ]
}

/** WorkerEnd.fulfilled() and announce(), `replies` times. */
export function replyProgram(replies: number, fault: Fault): Program {
  const steps: Step[] = []
  for (let reply = 0; reply < replies; reply++) {
    const at = steps.length
    const publish: Step = (s) => {
      s.head++
      return steps.indexOf(publish) + 1
    }
    const load: Step = (s) => {
      s.a = s.state
      return steps.indexOf(load) + 1
    }
    if (fault === 'looks at the state, then publishes') steps.push(load, publish)
    else steps.push(publish, load)
    // Atomics.exchange(MAIN): whoever finds it asleep wakes it
    steps.push((s) => {
      s.a = s.a === 1 && s.state === 1 ? 1 : 0
      if (s.a === 1) s.state = 0
      return at + 3
    })
    steps.push((s) => {
      if (s.a === 1) s.mail++
      s.a = 0
      return at + 4
    })
  }
  return steps
}

/** RingHub: looks, says that it sleeps, looks again, waits for a message. */
export function hubProgram(fault: Fault): Program {
  const early = fault === 'looks, then says that it sleeps'
  return [
    (s) => {
      s.read = s.head
      return early ? 2 : 1
    },
    (s) => {
      s.state = 1
      return early ? 3 : 2
    },
    (s) => {
      s.b = s.head === s.read || fault === 'no second look' ? 0 : 1
      if (s.b === 1) s.state = 0
      if (s.b === 1) return 0
      return early ? 1 : 3
    },
    (s) => {
      if (s.mail === 0) return undefined
      s.mail = 0
      return 0
    },
  ]
}
