import type { Serializer, WritePacket } from '@nestjs/microservices';
import { type Observable, ReplaySubject } from 'rxjs';
import type { MeshReply, MeshRequest } from '../../bus/mesh-request.js';
import type { FailureLog } from '../failure-log.js';
import { HIDDEN_FAILURE } from '../rpc-failures.js';
import { travelling } from '../serialization.js';

/** The answer to one question: takes the packets that Nest makes of what a handler returns. */
export class RequestAnswer {
  readonly #key: string;
  readonly #reply: MeshReply;
  readonly #serializer: Serializer | undefined;
  readonly #failures: FailureLog;
  readonly #over = new ReplaySubject<void>(1);

  constructor({ key, signal }: MeshRequest, reply: MeshReply, parts: AnswerParts) {
    this.#key = key;
    this.#reply = reply;
    this.#serializer = parts.serializer;
    this.#failures = parts.failures;
    if (signal.aborted) this.#over.next();
    else signal.addEventListener('abort', () => this.#over.next(), { once: true });
  }

  /** Emits, also to who comes late, when nothing of it is wanted any more. */
  get over(): Observable<void> {
    return this.#over;
  }

  /** Bound, as it is handed on. It never rejects, which Nest 11 would let end the process. */
  readonly write = async (packet: WritePacket<unknown>): Promise<void> => {
    try {
      await this.#write(packet);
    } catch (error) {
      this.fail(error);
    }
  };

  /** Ends it by a failure that is not of the handler: the asker learns that there was one, the log its code. */
  fail(error: unknown): void {
    this.#failures.add(error);
    this.#reply.error(HIDDEN_FAILURE);
    this.#over.next();
  }

  async #write(packet: WritePacket<unknown>): Promise<void> {
    if ('err' in packet) {
      this.#reply.error(packet.err);
      return;
    }
    const { response, isDisposed = false } = packet;
    // Nest's clients take the end of a handler that returns nothing for no value, and not for an empty one.
    if (response !== undefined || !isDisposed) this.#reply.next(await this.#serialize(response));
    if (isDisposed) this.#reply.complete();
  }

  async #serialize(data: unknown): Promise<unknown> {
    if (this.#serializer === undefined || data === undefined) return data;
    return travelling(await this.#serializer.serialize({ pattern: this.#key, data }, { metadata: undefined }));
  }
}

export interface AnswerParts {
  /** `undefined`: values are written as JSON. */
  readonly serializer: Serializer | undefined;
  readonly failures: FailureLog;
}
