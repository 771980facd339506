import { MeshError } from '../errors/mesh-error.js';
import { Fifo } from '../primitives/fifo.js';
import { loadOf } from './event-load.js';
import type { MeshEvent } from './mesh-event.js';

type Result = IteratorResult<MeshEvent, undefined>;

interface StreamHooks {
  /** Called once, when the stream wants no more events. */
  readonly onEnd: () => void;
  /** Called for each event that did not fit. */
  readonly onDrop: () => void;
}

const DONE: Result = Object.freeze({ done: true, value: undefined });

/**
 * Events that wait for a reader, up to a limit, for which long ones count more. Beyond it the stream keeps what it has, drops what comes, and when the
 * reader has had all that was kept it is told how much is missing: an error that it can not overlook.
 */
export class EventStream implements AsyncIterableIterator<MeshEvent, undefined> {
  readonly #limit: number;
  readonly #hooks: StreamHooks;
  #kept = new Fifo<MeshEvent>();
  #keptLoad = 0;
  readonly #readers = new Fifo<(result: Result) => void>();
  #dropped = 0;
  /** `ending`: nothing comes any more, and what is kept may still be read. */
  #state: 'open' | 'ending' | 'done' = 'open';

  constructor(limit: number, hooks: StreamHooks) {
    this.#limit = limit;
    this.#hooks = hooks;
  }

  push(event: MeshEvent): void {
    if (this.#state !== 'open') return;
    const resolve = this.#readers.take();
    if (resolve !== undefined) {
      resolve({ done: false, value: event });
    } else if (this.#dropped === 0 && this.#keptLoad < this.#limit) {
      this.#kept.push(event);
      this.#keptLoad += loadOf(event);
    } else {
      this.#dropped++;
      this.#hooks.onDrop();
    }
  }

  /** Nothing more will come; what is kept can be read to its end. */
  end(): void {
    if (this.#state !== 'open') return;
    this.#state = 'ending';
    this.#hooks.onEnd();
    this.#release();
  }

  /** Ends at once and lets go of what is kept. */
  cancel(): void {
    this.#kept = new Fifo();
    this.#keptLoad = 0;
    this.#dropped = 0;
    this.end();
    this.#state = 'done';
  }

  next(): Promise<Result> {
    const event = this.#kept.take();
    if (event !== undefined) {
      this.#keptLoad -= loadOf(event);
      return Promise.resolve({ done: false, value: event });
    }
    if (this.#dropped > 0) return Promise.reject(this.#overflow());
    if (this.#state !== 'open') return Promise.resolve(DONE);
    return new Promise((resolve) => this.#readers.push(resolve));
  }

  return(): Promise<Result> {
    this.cancel();
    return Promise.resolve(DONE);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Tells the reader, who gets nothing after it. */
  #overflow(): MeshError {
    const message =
      `the reader of a stream fell behind by more than ${this.#limit} events, and ${this.#dropped} were dropped: ` +
      'treat all that they may have concerned as stale, and read faster or raise the limit';
    this.cancel();
    return new MeshError('MESH_ERR_STREAM_OVERFLOW', message);
  }

  #release(): void {
    for (let resolve = this.#readers.take(); resolve !== undefined; resolve = this.#readers.take()) resolve(DONE);
  }
}
