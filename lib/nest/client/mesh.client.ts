import { ClientProxy, type MsPattern, type ReadPacket, type WritePacket } from '@nestjs/microservices';
import { from, type Observable } from 'rxjs';
import { createClientBus } from '../../bus/create-client-bus.js';
import { rejected } from '../../bus/deferred.js';
import { isMeshBus } from '../../bus/is-mesh-bus.js';
import type { MeshBus } from '../../bus/mesh-bus.js';
import type { MeshRequestOptions } from '../../bus/mesh-request.js';
import type { MeshLogger } from '../../options/mesh-logger.js';
import { isThenable } from '../../primitives/is-thenable.js';
import { BusLink, type MeshConnectionStatus, type MeshEventsMap } from '../bus-link.js';
import { FailureLog } from '../failure-log.js';
import { nestLogger } from '../nest-logger.js';
import { type MeshSerializationOptions, type MeshTransportOptions, separate, travelling } from '../serialization.js';
import { type OutgoingPacket, unpacked, type UnpackedPacket } from './outgoing-packet.js';
import { PendingRequests, type Question } from './pending-requests.js';

/** What `MeshModule` knows of its client, and a user need not say; and serialization, for a client of a given bus. */
export interface MeshClientSettings extends MeshSerializationOptions {
  readonly logger?: MeshLogger | false;
}

/**
 * Publishes events on the mesh. With options it is a node of its own, in the role of a client, opened by the first use
 * and closed by `close`; a bus that is given to it is borrowed, and never closed.
 *
 * @throws MeshError `MESH_ERR_CONFIG` options are wrong
 */
export class MeshClient extends ClientProxy<MeshEventsMap> {
  readonly #link: BusLink;
  readonly #failures: FailureLog;
  /** Emits that wait for the bus to open, or for a serializer. A `close` lets them go first. */
  readonly #waiting = new Set<Promise<void>>();
  /** Whether data go through a serializer of the user: without one they are JSON, and nothing is called. */
  readonly #serializes: boolean;
  readonly #requests: PendingRequests;

  constructor(options?: MeshTransportOptions | MeshBus, settings: MeshClientSettings = {}) {
    super();
    const { source, serialization } = separate(options, settings);
    const logger = settings.logger ?? nestLogger(isMeshBus(source) ? undefined : source);
    this.#serializes = serialization.serializer !== undefined;
    this.initializeSerializer(serialization);
    this.initializeDeserializer(serialization);
    this.#requests = new PendingRequests(serialization.deserializer);
    this.#failures = new FailureLog(logger, 'an emit to the mesh');
    this.#link = new BusLink(
      source,
      (options) => createClientBus({ ...options, logger }),
      (status) => this._status$.next(status),
    );
  }

  /** Emits that failed since this client was made. */
  get failedEmits(): number {
    return this.#failures.count;
  }

  // Narrowed here and not in the base's parameter: `customClass` takes clients of any status, as `string`, only.
  override get status(): Observable<MeshConnectionStatus> {
    return super.status as Observable<MeshConnectionStatus>;
  }

  /** Resolves when the bus is ready. Memoised; a failed attempt is forgotten, and after `close` it works again. */
  override connect(): Promise<void> {
    return this.#link.open();
  }

  /**
   * Lets go what was emitted before, then closes the bus if it is this client's own. What was asked and not answered yet
   * fails, with `MESH_ERR_CLOSED`. Idempotent.
   */
  override async close(): Promise<void> {
    this.#requests.close();
    await Promise.allSettled(this.#waiting);
    await this.#link.close();
  }

  override on<Name extends keyof MeshEventsMap>(event: Name, callback: MeshEventsMap[Name]): void {
    this.#link.on(event, callback);
  }

  /** The `MeshBus` behind this client. */
  override unwrap<T = MeshBus>(): T {
    return this.#link.bus as T;
  }

  /**
   * Publishes an event, at once and whether or not anyone subscribes to the result. Without data, or with `null` or
   * `undefined`, it is a bare key, and its handlers get the key as payload too. Other data must be what JSON can say, or
   * what the `serializer` takes. A `MeshRecord` is its data, with metadata besides.
   *
   * The result completes when the kernel has the datagrams. A failure nobody subscribed to is counted, and logged
   * without key and data.
   */
  override emit<TResult = void, TInput = unknown>(pattern: MsPattern, data?: TInput): Observable<TResult> {
    return this.#hot(() => this.#dispatch(pattern, data)) as Observable<TResult>;
  }

  /** Publishes many bare keys together. One key that can not be published refuses all of them, before any is sent. */
  emitMany(patterns: readonly MsPattern[]): Observable<void> {
    return this.#hot(() => this.#dispatchAll(patterns));
  }

  /**
   * Asks everyone who handles it by `@MessagePattern`, the handlers of this very process among them. Nothing happens until
   * the result is subscribed to. It emits what each instance answers, of one that streams all values in order, and completes
   * when all have; to unsubscribe is to ask no longer: `firstValueFrom` takes the first answer, and no other is waited for.
   *
   * A handler that fails fails the result once the others have answered, as on Nest's own transports, with the same texts;
   * so does a request that nobody handles. A `MeshError` is what is not theirs: `MESH_ERR_TIMEOUT` after 5 s, `MESH_ERR_CLOSED`.
   *
   * @param data must be what JSON can say, or what the `serializer` takes. A `MeshRecord` is its data, with metadata
   * besides; one that `MeshRequestBuilder` makes says whom to ask and how long to wait
   */
  override send<TResult = unknown, TInput = unknown>(pattern: MsPattern, data: TInput): Observable<TResult> {
    return super.send<TResult, TInput>(pattern, data);
  }

  protected override publish(packet: ReadPacket, callback: (packet: WritePacket) => void): () => void {
    try {
      return this.#requests.ask(this.#question(packet as OutgoingPacket), callback);
    } catch (err) {
      callback({ err });
      return () => undefined;
    }
  }

  protected override dispatchEvent<T = void>(packet: ReadPacket): Promise<T> {
    const event = unpacked(packet as OutgoingPacket);
    const sent = this.#isWritten(event) ? this.#serialize(event) : this.#publish(event);
    return sent as Promise<T>;
  }

  #publish({ pattern, data, metadata }: UnpackedPacket): Promise<void> {
    return this.#link.bus.publish(this.#key(pattern), { data: data ?? undefined, metadata });
  }

  #serialize({ pattern, data, metadata }: UnpackedPacket): Promise<void> {
    const publish = (value: unknown): Promise<void> => this.#publish({ pattern, data: travelling(value), metadata });
    const serialized = this.#written({ pattern, data, metadata });
    return isThenable(serialized) ? this.#track(Promise.resolve(serialized).then(publish)) : publish(serialized);
  }

  #question(packet: OutgoingPacket): Question {
    const asked = unpacked(packet);
    const { pattern, data, metadata, options } = asked;
    const key = this.#key(pattern);
    const complete = (value: unknown): MeshRequestOptions => {
      return { ...options, data: travelling(value ?? undefined), metadata };
    };
    const value = this.#isWritten(asked) ? this.#written(asked) : data;
    return { bus: this.#link.bus, key, options: isThenable(value) ? value.then(complete) : complete(value) };
  }

  /** Whether there is something for a serializer of the user. */
  #isWritten({ data }: UnpackedPacket): boolean {
    return this.#serializes && data !== undefined && data !== null;
  }

  #written({ pattern, data, metadata }: UnpackedPacket): unknown {
    return this.serializer.serialize({ pattern, data }, { metadata });
  }

  #hot(publish: () => Promise<void>): Observable<void> {
    const sent = this.#link.isOpen ? attempt(publish) : this.#afterConnect(publish);
    this.#failures.watch(sent);
    return from(sent);
  }

  #afterConnect(publish: () => Promise<void>): Promise<void> {
    return this.#track(this.connect().then(publish));
  }

  #track(sent: Promise<void>): Promise<void> {
    const forget = (): void => void this.#waiting.delete(sent);
    this.#waiting.add(sent);
    sent.then(forget, forget);
    return sent;
  }

  #dispatch(pattern: unknown, data: unknown): Promise<void> {
    return this.dispatchEvent(this.#packet(pattern, data));
  }

  async #dispatchAll(patterns: readonly unknown[]): Promise<void> {
    const packets = patterns.map((pattern) => this.#packet(pattern, undefined));
    if (packets.every((packet) => packet.metadata === undefined)) {
      await this.#link.bus.publish(packets.map((packet) => this.#key(packet.pattern)));
    } else {
      await Promise.all(packets.map((packet) => this.dispatchEvent<undefined>(packet)));
    }
  }

  /** Nest 11 has no dispatch hook, and leaves the field undefined. */
  #packet(pattern: unknown, data: unknown): OutgoingPacket {
    const packet: OutgoingPacket = { pattern, data };
    this.onDispatchHook?.(packet);
    return packet;
  }

  /** The text of a pattern, as the server's side of Nest makes it. What is no pattern is left for the bus to refuse. */
  #key(pattern: unknown): string {
    return typeof pattern === 'string' ? pattern : this.normalizePattern(pattern as MsPattern);
  }
}

/** Not an async function: all publishes of a flush share one promise, and it is worth keeping. */
function attempt(publish: () => Promise<void>): Promise<void> {
  try {
    return publish();
  } catch (error) {
    return rejected(error);
  }
}
