import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { MeshOptions, MeshSnapshot } from 'nestjs-mesh/bus';
import { Inbox } from '../../support/inbox.js';

const SCRIPT = fileURLToPath(new URL('../children/flooded-node.mjs', import.meta.url));

interface Answer {
  readonly id: number;
  readonly answer: unknown;
}

/** A node in a process of its own, whose memory is nobody else's. */
export class FloodedNode {
  readonly #child: ChildProcess;
  readonly #answers = new Inbox<Answer>();
  #asked = 0;

  constructor(options: MeshOptions) {
    this.#child = fork(SCRIPT, [JSON.stringify(options)], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    this.#child.on('message', (message) => this.#answers.add(message as Answer));
  }

  /** As it stood when it was ready. */
  async started(): Promise<MeshSnapshot> {
    return (await this.#answers.find(({ id }) => id === 0, 20_000)).answer as MeshSnapshot;
  }

  snapshot(): Promise<MeshSnapshot> {
    return this.#ask('snapshot') as Promise<MeshSnapshot>;
  }

  /** Bytes that are in use when nothing is left to collect. */
  memory(): Promise<number> {
    return this.#ask('memory') as Promise<number>;
  }

  /** All keys that it was told. */
  keys(): Promise<readonly string[]> {
    return this.#ask('keys') as Promise<readonly string[]>;
  }

  async publish(key: string): Promise<void> {
    await this.#ask('publish', key);
  }

  async close(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    this.#child.disconnect();
    await once(this.#child, 'exit');
  }

  async #ask(ask: string, argument?: string): Promise<unknown> {
    const asked = ++this.#asked;
    this.#child.send({ id: asked, ask, argument });
    return (await this.#answers.find(({ id }) => id === asked, 30_000)).answer;
  }
}
