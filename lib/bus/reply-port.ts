import { MeshError } from '../errors/mesh-error.js';
import { isThenable } from '../primitives/is-thenable.js';
import type { AskOutcome } from '../wire/receipt-packet.js';
import { encodeData } from './event-data.js';
import type { MeshReply, MeshRequest, MeshResponder } from './mesh-request.js';

/** What one value of an answer may take on the wire. */
const MAX_VALUE_BYTES = 64 * 1024;
const NOTHING = Buffer.alloc(0);

/** Where one answer goes. */
export interface ReplySink {
  /** `false`: the answer has become too long. */
  say(value: Buffer, isError: boolean): boolean;
  end(outcome: AskOutcome): void;
}

/** The answer to one question, from its first value to its end, or until nobody waits for it. */
export class ReplyPort implements MeshReply {
  readonly #sink: ReplySink;
  readonly #abort = new AbortController();
  #isOver = false;
  /** The responder has returned a promise that is not settled. */
  #isRunning = false;
  #onEnd: (() => void) | undefined;

  constructor(sink: ReplySink) {
    this.#sink = sink;
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /**
   * Lets the responder answer.
   *
   * @param onEnd called later, when the answer has ended and a promise that the responder returned is settled
   * @returns whether that is still to come
   */
  run(responder: MeshResponder, request: Omit<MeshRequest, 'signal'>, onEnd: () => void): boolean {
    try {
      const result = responder(Object.freeze({ ...request, signal: this.signal }), this);
      if (isThenable(result)) this.#follow(result);
    } catch (error) {
      this.error(reasonOf(error));
    }
    if (this.#isOver && !this.#isRunning) return false;
    this.#onEnd = onEnd;
    return true;
  }

  /** @throws MeshError `MESH_ERR_DATA`, `MESH_ERR_DATA_TOO_LARGE`: the value is not sent, and the answer goes on */
  readonly next = (value: unknown): void => {
    if (this.#isOver) return;
    if (!this.#sink.say(encodeValue(value), false)) {
      throw new MeshError('MESH_ERR_DATA_TOO_LARGE', 'the answer has more values than can be told apart');
    }
  };

  readonly error = (reason: unknown): void => {
    if (this.#isOver) return;
    this.#sink.say(encodeReason(reason), true);
    this.#end('refused');
  };

  readonly complete = (): void => {
    if (!this.#isOver) this.#end('ran');
  };

  /** Nobody waits any more. */
  readonly cancel = (): void => {
    if (this.#isOver) return;
    this.#end('ran');
    this.#abort.abort();
  };

  /** This bus closes: who asks learns that from its goodbye, and not that there was no more to say. */
  abandon(): void {
    this.#isOver = true;
    this.#abort.abort();
  }

  #follow(result: PromiseLike<unknown>): void {
    this.#isRunning = true;
    const settle = (): void => {
      this.#isRunning = false;
      this.#review();
    };
    // By a promise of our own, as another's may call back twice, or at once.
    Promise.resolve(result).then(settle, (error: unknown) => {
      this.error(reasonOf(error));
      settle();
    });
  }

  #end(outcome: AskOutcome): void {
    this.#isOver = true;
    this.#sink.end(outcome);
    this.#review();
  }

  #review(): void {
    if (!this.#isOver || this.#isRunning) return;
    const onEnd = this.#onEnd;
    this.#onEnd = undefined;
    onEnd?.();
  }
}

/** Nothing at all stands for `undefined`, which JSON can not say. */
function encodeValue(value: unknown): Buffer {
  const bytes = encodeData(value) ?? NOTHING;
  if (bytes.length <= MAX_VALUE_BYTES) return bytes;
  throw new MeshError(
    'MESH_ERR_DATA_TOO_LARGE',
    `a value of the answer takes ${bytes.length} bytes, which is more than ${MAX_VALUE_BYTES}`,
  );
}

/** A failure has to be told, whatever it is. */
function encodeReason(reason: unknown): Buffer {
  try {
    return encodeValue(reason);
  } catch {
    return encodeValue('the reason of the failure can not be sent');
  }
}

function reasonOf(error: unknown): unknown {
  return error instanceof Error ? error.message : error;
}
