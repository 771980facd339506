import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { ServerKind } from './measurement.js';

const HOST = '127.0.0.1';
const START_DEADLINE_MS = 10_000;

interface Program {
  readonly command: string;
  /** Keeps nothing on disk, and is reached by this machine alone. */
  readonly args: (port: number) => readonly string[];
}

const PROGRAMS: Readonly<Record<ServerKind, Program>> = {
  redis: {
    command: 'redis-server',
    args: (port) => ['--bind', HOST, '--port', String(port), '--save', '', '--appendonly', 'no'],
  },
  nats: { command: 'nats-server', args: (port) => ['-a', HOST, '-p', String(port)] },
};

/** The servers that peers need: each is started when first asked for, and ended with the bench. */
export class Servers {
  readonly #running = new Map<ServerKind, Promise<{ readonly child: ChildProcess; readonly port: number }>>();
  readonly #children: ChildProcess[] = [];

  /** What the server says of its version; `undefined` when it is not installed. */
  version(kind: ServerKind): string | undefined {
    const { status, stdout } = spawnSync(PROGRAMS[kind].command, ['--version'], { encoding: 'utf8' });
    return status === 0 ? stdout.trim().split('\n')[0] : undefined;
  }

  /** On which port of loopback it listens. */
  async port(kind: ServerKind): Promise<number> {
    let starting = this.#running.get(kind);
    if (starting === undefined) this.#running.set(kind, (starting = this.#start(kind)));
    return (await starting).port;
  }

  /** Ends all of them at once, with no time to wait. */
  kill(): void {
    for (const child of this.#children) child.kill('SIGKILL');
  }

  async close(): Promise<void> {
    await Promise.all(this.#children.map(end));
  }

  async #start(kind: ServerKind): Promise<{ readonly child: ChildProcess; readonly port: number }> {
    const port = await freePort();
    const { command, args } = PROGRAMS[kind];
    const child = spawn(command, args(port), { stdio: 'ignore' });
    this.#children.push(child);
    const deadline = Date.now() + START_DEADLINE_MS;
    while (!(await answers(port))) {
      if (!isRunning(child) || Date.now() > deadline) throw new Error(`${command} does not start`);
      await pause(20);
    }
    return { child, port };
  }
}

function isRunning({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode === null && signalCode === null;
}

async function end(child: ChildProcess): Promise<void> {
  if (!isRunning(child)) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

/** A TCP port of loopback that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, HOST);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, HOST);
    const settle = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => settle(true)).once('error', () => settle(false));
  });
}
