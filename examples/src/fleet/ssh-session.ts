import { once } from 'node:events'
import ssh2, { type Client, type ClientChannel } from 'ssh2'
import { password } from './credentials.js'
import { DeviceError } from './device-error.js'
import type { Device } from './inventory.js'

// The cheapest of the safe ones: with a thousand logins the handshakes are most of the work.
const algorithms = {
  kex: ['curve25519-sha256'],
  serverHostKey: ['ssh-ed25519'],
  cipher: ['aes128-gcm@openssh.com'],
} satisfies ssh2.Algorithms

export class SshSession implements Disposable {
  readonly #client: Client = new ssh2.Client()
  readonly #device: Device
  /** Rejects when the connection ends, whoever ended it. All waiting is a race with this. */
  readonly #broken: Promise<never>

  /** Logs in. Aborting `signal` ends the connection, now or later, and whatever waits for it rejects with the signal's reason. */
  static async open(device: Device, signal: AbortSignal | undefined): Promise<SshSession> {
    signal?.throwIfAborted()
    const session = new SshSession(device, signal)
    await session.#login()
    return session
  }

  private constructor(device: Device, signal: AbortSignal | undefined) {
    this.#device = device
    const { promise, reject } = rejection()
    this.#broken = promise
    const onAbort = () => {
      reject(signal?.reason)
      this.#client.destroy()
    }
    signal?.addEventListener('abort', onAbort, { once: true })
    this.#client.on('error', (error) => reject(this.#explained(error)))
    this.#client.on('close', () => {
      signal?.removeEventListener('abort', onAbort)
      reject(new DeviceError('CONNECTION_LOST', `${device.host} closed the connection`))
    })
  }

  async #login(): Promise<void> {
    const ready = new Promise<void>((resolve) => this.#client.once('ready', () => resolve()))
    const { host, port, user } = this.#device
    // No timeout of its own: the call that runs this has one. A real fleet has its host keys checked here, with hostVerifier.
    this.#client.connect({ host, port, username: user, password, authHandler: ['password'], algorithms, readyTimeout: 0 })
    this.#client.setNoDelay(true) // A login is many small messages, and each would wait for the one before to be acknowledged.
    await Promise.race([ready, this.#broken])
  }

  /** What the command prints. */
  async run(command: string): Promise<string> {
    return Promise.race([this.#exec(command), this.#broken])
  }

  [Symbol.dispose](): void {
    this.#client.end()
  }

  async #exec(command: string): Promise<string> {
    const channel = await new Promise<ClientChannel>((resolve, reject) => {
      this.#client.exec(command, (error, opened) => (error ? reject(error) : resolve(opened)))
    })
    let output = ''
    channel.setEncoding('utf8')
    channel.on('data', (text: string) => {
      output += text
    })
    channel.stderr.resume()
    const [status] = await once(channel, 'close')
    if (status !== 0) throw new DeviceError('COMMAND_FAILED', `'${command}' failed: ${output.trim()}`)
    return output
  }

  #explained(error: Error & { level?: string; code?: unknown }): Error {
    const { host, user } = this.#device
    if (error.level === 'client-authentication') return new DeviceError('LOGIN_REFUSED', `${host} refused ${user}`, { cause: error })
    return error.code === undefined ? new DeviceError('CONNECTION_LOST', `${host}: ${error.message}`, { cause: error }) : error
  }
}

function rejection(): { promise: Promise<never>; reject: (reason: unknown) => void } {
  let reject: (reason: unknown) => void = () => {}
  const promise = new Promise<never>((_, rejectPromise) => {
    reject = rejectPromise
  })
  promise.catch(() => {}) // Nobody may be waiting when the connection ends.
  return { promise, reject }
}
