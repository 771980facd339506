import type { Deserializer } from '@nestjs/microservices';
import type { MeshEvent } from '../../bus/mesh-event.js';
import type { FailureLog } from '../failure-log.js';
import { payloadIn } from '../serialization.js';

type Deliver<T> = (value: T) => Promise<void>;

/** Reads data by a deserializer of Nest. Of events it never rejects: see `MeshSerializationOptions`. */
export class EventDeserializer {
  readonly #deserializer: Deserializer;
  readonly #failures: FailureLog;
  /** An event may match several patterns. It is read once, and a failure counted once. */
  readonly #read = new WeakMap<MeshEvent, Promise<MeshEvent>>();

  constructor(deserializer: Deserializer, failures: FailureLog) {
    this.#deserializer = deserializer;
    this.#failures = failures;
  }

  /** Puts the reading in front of a listener. */
  before(deliver: Deliver<MeshEvent>): Deliver<MeshEvent> {
    // Like what it calls it is an `async` function, for which the bus bounds its runs from the first one.
    return async (event) => deliver(await this.#readOnce(event));
  }

  /** The same for a listener of batches. Where all keys are bare there is nothing to wait for. */
  beforeBatch(deliver: Deliver<readonly MeshEvent[]>): Deliver<readonly MeshEvent[]> {
    return async (events) => {
      const hasData = events.some((event) => event.data !== undefined);
      return deliver(hasData ? await Promise.all(events.map(async (event) => this.#readOnce(event))) : events);
    };
  }

  #readOnce(event: MeshEvent): MeshEvent | Promise<MeshEvent> {
    if (event.data === undefined) return event;
    const known = this.#read.get(event);
    if (known !== undefined) return known;
    const read = this.#deserialize(event);
    this.#read.set(event, read);
    return read;
  }

  /**
   * What of it handlers get.
   *
   * @throws what the deserializer throws, which has been counted
   */
  async payload({ key, data, metadata }: Pick<MeshEvent, 'key' | 'data' | 'metadata'>): Promise<unknown> {
    try {
      return payloadIn(await this.#deserializer.deserialize(data, { channel: key, metadata }));
    } catch (error) {
      this.#failures.add(error);
      throw error;
    }
  }

  async #deserialize(event: MeshEvent): Promise<MeshEvent> {
    const data = await this.payload(event).catch(() => undefined);
    return Object.freeze({ ...event, data });
  }
}
