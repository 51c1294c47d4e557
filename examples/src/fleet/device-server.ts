// One made-up network device: a real SSH server on an address of its own, as slow, deaf or stubborn as its plan says.
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket, type Server as TcpServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import ssh2, { type AuthContext, type Connection, type ServerChannel, type Server as SshServer } from 'ssh2'
import { password } from './credentials.js'
import { serveShell } from './device-shell.js'
import type { Device } from './inventory.js'
import type { DevicePlan } from './plan.js'
import { showRunningConfig, vendors } from './vendors.js'

export const user = 'admin'

export class DeviceServer {
  readonly device: Device
  readonly plan: DevicePlan
  readonly #tcp: TcpServer
  readonly #ssh: SshServer
  #connections = 0

  /** Listens on a free port of `host`. */
  static async start(plan: DevicePlan, host: string): Promise<DeviceServer> {
    const tcp = createServer({ noDelay: true }).listen({ host, port: 0, backlog: 16 })
    await once(tcp, 'listening')
    return new DeviceServer(plan, host, tcp)
  }

  private constructor(plan: DevicePlan, host: string, tcp: TcpServer) {
    this.plan = plan
    this.device = { host, port: (tcp.address() as AddressInfo).port, user, site: plan.site }
    this.#tcp = tcp
    this.#ssh = new ssh2.Server(
      {
        hostKeys: [hostKey()],
        banner: `${vendors[plan.vendor].banner}\r\n`,
      },
      (connection) => this.#onLogin(connection),
    )
    // The TCP server is ours because an SSH server speaks first, and some devices do not speak.
    tcp.on('connection', (socket) => this.#onConnection(socket))
  }

  /** Begins anew: what happens on the first connection happens again on the next one. */
  forget(): void {
    this.#connections = 0
  }

  close(): void {
    this.#tcp.close()
  }

  #onConnection(socket: Socket): void {
    socket.on('error', () => {}) // A client may leave when it likes.
    this.#connections += 1
    const { behaviour } = this.plan
    if (behaviour === 'silent' || (behaviour === 'silent once' && this.#connections === 1)) socket.resume()
    else if (behaviour === 'resets once' && this.#connections === 1) socket.resetAndDestroy()
    else this.#ssh.injectSocket(socket)
  }

  #onLogin(connection: Connection): void {
    connection.on('error', () => {})
    connection.on('authentication', (context) => void this.#authenticate(context))
    connection.on('session', (accept) => {
      const session = accept()
      session.on('pty', (acceptPty) => acceptPty?.())
      session.on('exec', (acceptExec, _reject, { command }) => void this.#exec(acceptExec(), command))
      session.on('shell', (acceptShell) => serveShell(acceptShell(), this.plan.name, (command) => this.#answer(command)))
    })
  }

  async #authenticate(context: AuthContext): Promise<void> {
    if (context.method !== 'password') return context.reject(['password'])
    await sleep(this.plan.latency.login)
    const opens = this.plan.behaviour !== 'refuses' && context.username === user && context.password === password
    if (opens) context.accept()
    else context.reject(['password'])
  }

  async #exec(channel: ServerChannel, command: string): Promise<void> {
    const { output, status } = await this.#answer(command)
    channel.write(output)
    channel.exit(status)
    channel.end()
  }

  async #answer(command: string): Promise<{ output: string; status: number }> {
    const { plan } = this
    switch (command.trim()) {
      case 'show version':
        await sleep(plan.latency.version)
        return { output: vendors[plan.vendor].showVersion(plan), status: 0 }
      case 'show running-config':
        await sleep(plan.latency.config)
        return { output: showRunningConfig(plan), status: 0 }
      default:
        return { output: `% Invalid input: ${command.trim()}\n`, status: 1 }
    }
  }
}

// About one in 250 of the keys that ssh2 makes cannot be read by ssh2: https://github.com/mscdex/ssh2/issues/1390
function hostKey(): string {
  for (;;) {
    const key = ssh2.utils.generateKeyPairSync('ed25519').private
    if (!(ssh2.utils.parseKey(key) instanceof Error)) return key
  }
}
