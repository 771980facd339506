import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { MeshOptions, MeshSnapshot } from 'nestjs-mesh/bus';
import { Inbox } from './inbox.js';
import type { LabHost } from './netns.js';

const SCRIPTS = new URL('../e2e/children/', import.meta.url);

type Message = { readonly worker?: number } & (
  | { readonly kind: 'up'; readonly id: string }
  | { readonly kind: 'event'; readonly key: string; readonly origin: string }
  | { readonly kind: 'peer'; readonly id: string; readonly address: string; readonly state: string }
  | { readonly kind: 'beat'; readonly from: string }
  | { readonly kind: 'log'; readonly level: string; readonly message: string }
  | {
      readonly kind: 'answer';
      readonly id: number;
      readonly value?: unknown;
      readonly error?: { readonly code?: string; readonly message: string };
    }
);

/** A process that runs one of the scripts and speaks with this one. */
class Child {
  readonly messages = new Inbox<Message>();
  readonly process: ChildProcess;

  constructor(script: string, args: readonly string[], host: LabHost | undefined) {
    const path = fileURLToPath(new URL(script, SCRIPTS));
    const [command, ...rest] = [...(host?.prefix ?? []), process.execPath, path, ...args];
    this.process = spawn(command!, rest, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    this.process.on('message', (message) => this.messages.add(message as Message));
  }

  async stop(): Promise<void> {
    const { process: child } = this;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }
}

/** A mesh node in another process, maybe on another host. */
export class RemoteNode {
  readonly #child: Child;
  readonly #worker: number | undefined;
  #calls = 0;

  constructor(child: Child, worker: number | undefined) {
    this.#child = child;
    this.#worker = worker;
  }

  get messages(): readonly Message[] {
    return this.#child.messages.items.filter(({ worker }) => worker === this.#worker);
  }

  /** Keys of the events that it heard, as often as it did. */
  get keys(): readonly string[] {
    return this.messages.flatMap((message) => (message.kind === 'event' ? [message.key] : []));
  }

  get warnings(): readonly string[] {
    return this.messages.flatMap((message) =>
      message.kind === 'log' && message.level === 'warn' ? [message.message] : [],
    );
  }

  start(): Promise<unknown> {
    return this.#call('start');
  }

  publish(key: string): Promise<unknown> {
    return this.#call('publish', key);
  }

  waitForPeers(count: number, timeout = 15_000): Promise<unknown> {
    return this.#call('waitForPeers', count, timeout);
  }

  async snapshot(): Promise<MeshSnapshot> {
    return (await this.#call('snapshot')) as MeshSnapshot;
  }

  async hears(key: string): Promise<void> {
    await this.#until((message) => message.kind === 'event' && message.key === key);
  }

  /** Whether it hears an event whose key begins so, within the time. */
  async hearsAny(prefix: string, deadlineMs: number): Promise<boolean> {
    const fits = (message: Message): boolean => message.kind === 'event' && message.key.startsWith(prefix);
    return this.#until(fits, deadlineMs).then(
      () => true,
      () => false,
    );
  }

  async warnsOf(text: string): Promise<void> {
    await this.#until(
      (message) => message.kind === 'log' && message.level === 'warn' && message.message.includes(text),
    );
  }

  /** Says goodbye, and ends its process by itself if it is alone in it. */
  async close(): Promise<void> {
    await this.#call('close');
  }

  /** The process ends by itself. */
  async ended(): Promise<number | null> {
    const { process: child } = this.#child;
    if (child.exitCode === null) await once(child, 'exit', { signal: AbortSignal.timeout(8000) });
    return child.exitCode;
  }

  kill(): Promise<void> {
    return this.#child.stop();
  }

  async #call(call: string, ...args: readonly unknown[]): Promise<unknown> {
    await this.#until(({ kind }) => kind === 'up');
    const id = ++this.#calls;
    this.#child.process.send({ id, call, args, worker: this.#worker });
    const answer = await this.#until((message) => message.kind === 'answer' && message.id === id);
    if (answer.kind !== 'answer') return undefined;
    const { value, error } = answer;
    if (error !== undefined) throw Object.assign(new Error(error.message), { code: error.code });
    return value;
  }

  #until(fits: (message: Message) => boolean, deadlineMs = 20_000): Promise<Message> {
    return this.#child.messages.find((message) => message.worker === this.#worker && fits(message), deadlineMs);
  }
}

/** Sockets in another process that send to their group on and on. */
export class RemoteBeacon {
  readonly #child: Child;

  constructor(child: Child) {
    this.#child = child;
  }

  /** It hears the group, from now on. */
  async hearsBeats(count: number): Promise<void> {
    const before = this.#child.messages.items.length;
    await this.#child.messages.atLeast(before + count, 20_000);
  }
}

/** Nodes in processes of their own, which are ended together. */
export class RemoteNodes {
  readonly #children: Child[] = [];

  /** Not yet started. */
  make(options: MeshOptions, host?: LabHost): RemoteNode {
    const child = new Child('host.mjs', [JSON.stringify(options)], host);
    this.#children.push(child);
    return new RemoteNode(child, undefined);
  }

  async start(options: MeshOptions, host?: LabHost): Promise<RemoteNode> {
    const node = this.make(options, host);
    await node.start();
    return node;
  }

  /** The workers of one `node:cluster`. Not yet started. */
  workers(count: number, options: MeshOptions): readonly RemoteNode[] {
    const child = new Child('workers.mjs', [JSON.stringify(options), String(count)], undefined);
    this.#children.push(child);
    return Array.from({ length: count }, (_, worker) => new RemoteNode(child, worker));
  }

  beacon(host: LabHost): RemoteBeacon {
    const child = new Child('beacon.mjs', [], host);
    this.#children.push(child);
    return new RemoteBeacon(child);
  }

  async close(): Promise<void> {
    await Promise.all(this.#children.splice(0).map((child) => child.stop()));
  }
}
