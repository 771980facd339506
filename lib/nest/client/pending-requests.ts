import type { Deserializer, WritePacket } from '@nestjs/microservices';
import type { MeshBus } from '../../bus/mesh-bus.js';
import type { MeshReplyObserver, MeshRequestOptions } from '../../bus/mesh-request.js';
import { MeshError } from '../../errors/mesh-error.js';
import { isThenable } from '../../primitives/is-thenable.js';
import { HIDDEN_FAILURE, NO_MESSAGE_HANDLER } from '../rpc-failures.js';
import { payloadIn } from '../serialization.js';

export interface Question {
  readonly bus: MeshBus;
  readonly key: string;
  /** A promise where a serializer takes its time. */
  readonly options: MeshRequestOptions | PromiseLike<MeshRequestOptions>;
}

/** How Nest's `ClientProxy` is told of answers. */
type Callback = (packet: WritePacket<unknown>) => void;

/** The requests of a client that are not over. */
export class PendingRequests {
  readonly #deserializer: Deserializer | undefined;
  readonly #pending = new Set<PendingRequest>();

  constructor(deserializer: Deserializer | undefined) {
    this.#deserializer = deserializer;
  }

  /** @returns what cancels it */
  ask(question: Question, callback: Callback): () => void {
    const tell = (packet: WritePacket<unknown>): void => {
      this.#pending.delete(pending);
      callback(packet);
    };
    const pending = new PendingRequest(question.key, this.#deserializer, { next: callback, end: tell });
    this.#pending.add(pending);
    pending.start(question);
    return () => {
      this.#pending.delete(pending);
      pending.cancel();
    };
  }

  /** All of them fail, as on Nest's own transports. */
  close(): void {
    const error = new MeshError('MESH_ERR_CLOSED', 'the client was closed before the request was over');
    for (const pending of [...this.#pending]) pending.fail(error);
  }
}

interface Callbacks {
  readonly next: Callback;
  /** With the last packet. */
  readonly end: Callback;
}

class PendingRequest implements MeshReplyObserver {
  readonly #key: string;
  readonly #deserializer: Deserializer | undefined;
  readonly #tell: Callbacks;
  #isOver = false;
  #cancel: (() => void) | undefined;
  #reading: Promise<unknown> = Promise.resolve();

  constructor(key: string, deserializer: Deserializer | undefined, tell: Callbacks) {
    this.#key = key;
    this.#deserializer = deserializer;
    this.#tell = tell;
  }

  start({ bus, key, options }: Question): void {
    if (isThenable(options)) {
      options.then(
        (written) => this.#ask(bus, key, written),
        (error: unknown) => this.fail(error),
      );
    } else this.#ask(bus, key, options);
  }

  cancel(): void {
    this.#isOver = true;
    this.#cancel?.();
  }

  fail(error: unknown): void {
    this.#end({ err: error });
  }

  next(value: unknown): void {
    this.#inOrder(() => this.#pass(value));
  }

  error(reason: unknown): void {
    this.#inOrder(() => this.fail(failureOf(reason)));
  }

  complete(): void {
    this.#inOrder(() => this.#end({ isDisposed: true }));
  }

  #ask(bus: MeshBus, key: string, options: MeshRequestOptions): void {
    if (this.#isOver) return;
    try {
      this.#cancel = bus.request(key, options, this);
    } catch (error) {
      this.fail(error);
    }
  }

  /** What a deserializer reads keeps its order, and the end comes behind it. */
  #inOrder(act: () => unknown): void {
    if (this.#deserializer === undefined) act();
    else this.#reading = this.#reading.then(act).then(undefined, (error: unknown) => this.fail(error));
  }

  #pass(value: unknown): void | Promise<void> {
    if (this.#isOver) return;
    if (this.#deserializer !== undefined && value !== undefined) return this.#read(value, this.#deserializer);
    this.#tell.next({ response: value });
  }

  async #read(value: unknown, deserializer: Deserializer): Promise<void> {
    const response = payloadIn(await deserializer.deserialize(value, { channel: this.#key, metadata: undefined }));
    if (!this.#isOver) this.#tell.next({ response });
  }

  #end(packet: WritePacket<unknown>): void {
    if (this.#isOver) return;
    this.cancel();
    this.#tell.end(packet);
  }
}

/** As Nest's own transports tell it. Its clients take a failure that is nothing for no failure at all. */
function failureOf(reason: unknown): unknown {
  if (reason instanceof MeshError && reason.code === 'MESH_ERR_NO_HANDLER') return NO_MESSAGE_HANDLER;
  const isSomething = Boolean(reason);
  return isSomething ? reason : HIDDEN_FAILURE;
}
