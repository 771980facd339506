import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { LabHost } from './netns.js';

interface Answer {
  readonly call: number;
  readonly value?: unknown;
  readonly error?: string;
}

interface Question {
  readonly question: number;
  readonly of: unknown;
}

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: Error) => void;
}

/** Answers what the process asks. */
export type AnswerQuestion = (question: unknown) => unknown;

/**
 * A process on a host of its own that is called, and may ask back, over IPC: nothing that is done to the network touches
 * that. `ip netns exec` becomes the command, so the process is the one that signals reach.
 */
export class LabProcess {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  readonly #answer: AnswerQuestion;
  #calls = 0;

  constructor(script: URL, options: unknown, host: Pick<LabHost, 'prefix'>, answer: AnswerQuestion = () => undefined) {
    const [command, ...args] = [...host.prefix, process.execPath, fileURLToPath(script), JSON.stringify(options)];
    this.#answer = answer;
    this.#child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    this.#child.on('message', (message) => this.#take(message as Answer | Question));
    this.#child.on('exit', (code, signal) => this.#fail(new Error(`the process ended (${signal ?? code})`)));
  }

  /** One that was killed is cut off a moment before it is known to have ended. */
  get running(): boolean {
    return this.#child.connected && !this.#hasEnded;
  }

  get #hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** Rejects with what the other end threw, or when the process ends. */
  call(name: string, ...args: readonly unknown[]): Promise<unknown> {
    const call = ++this.#calls;
    return new Promise((resolve, reject) => {
      if (!this.#child.connected) return reject(new Error('the process has ended'));
      this.#waiting.set(call, { resolve, reject });
      this.#child.send({ call, name, args });
    });
  }

  /** Lets it stand still: what arrives meanwhile stays with the kernel. */
  pause(): void {
    this.#child.kill('SIGSTOP');
  }

  resume(): void {
    this.#child.kill('SIGCONT');
  }

  /** Ends it with no chance to say anything. */
  async kill(): Promise<void> {
    if (this.#hasEnded) return;
    const gone = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await gone;
  }

  #take(message: Answer | Question): void {
    if ('question' in message) {
      if (this.#child.connected) this.#child.send({ answer: message.question, value: this.#answer(message.of) });
      return;
    }
    const waiting = this.#waiting.get(message.call);
    this.#waiting.delete(message.call);
    if (message.error === undefined) waiting?.resolve(message.value);
    else waiting?.reject(new Error(message.error));
  }

  #fail(reason: Error): void {
    for (const { reject } of this.#waiting.values()) reject(reason);
    this.#waiting.clear();
  }
}
