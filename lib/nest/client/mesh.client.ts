import { ClientProxy, type MsPattern, type ReadPacket } from '@nestjs/microservices';
import { from, type Observable, throwError } from 'rxjs';
import { createClientBus } from '../../bus/create-client-bus.js';
import { rejected } from '../../bus/deferred.js';
import { isMeshBus } from '../../bus/is-mesh-bus.js';
import type { MeshBus } from '../../bus/mesh-bus.js';
import { MeshError } from '../../errors/mesh-error.js';
import type { MeshLogger } from '../../options/mesh-logger.js';
import { isThenable } from '../../primitives/is-thenable.js';
import { BusLink, type MeshConnectionStatus, type MeshEventsMap } from '../bus-link.js';
import { FailureLog } from '../failure-log.js';
import { nestLogger } from '../nest-logger.js';
import { type MeshSerializationOptions, type MeshTransportOptions, separate, travelling } from '../serialization.js';
import { type OutgoingPacket, unpacked, type UnpackedEvent } from './outgoing-packet.js';

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

  constructor(options?: MeshTransportOptions | MeshBus, settings: MeshClientSettings = {}) {
    super();
    const { source, serialization } = separate(options, settings);
    const logger = settings.logger ?? nestLogger(isMeshBus(source) ? undefined : source);
    this.#serializes = serialization.serializer !== undefined;
    this.initializeSerializer(serialization);
    this.initializeDeserializer(serialization);
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

  /** Lets go what was emitted before, then closes the bus if it is this client's own. Idempotent. */
  override async close(): Promise<void> {
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

  /** Not offered: the result fails with `MESH_ERR_UNSUPPORTED`, as an event goes to everyone and nobody answers. */
  override send<TResult = never, TInput = unknown>(_pattern: MsPattern, _data: TInput): Observable<TResult> {
    return throwError(unsupported);
  }

  protected override publish(): never {
    throw unsupported();
  }

  protected override dispatchEvent<T = void>(packet: ReadPacket): Promise<T> {
    const event = unpacked(packet as OutgoingPacket);
    const isBare = event.data === undefined || event.data === null;
    const sent = this.#serializes && !isBare ? this.#serialize(event) : this.#publish(event);
    return sent as Promise<T>;
  }

  #publish({ pattern, data, metadata }: UnpackedEvent): Promise<void> {
    return this.#link.bus.publish(this.#key(pattern), { data: data ?? undefined, metadata });
  }

  #serialize({ pattern, data, metadata }: UnpackedEvent): Promise<void> {
    const publish = (value: unknown): Promise<void> => this.#publish({ pattern, data: travelling(value), metadata });
    const serialized: unknown = this.serializer.serialize({ pattern, data }, { metadata });
    return isThenable(serialized) ? this.#track(Promise.resolve(serialized).then(publish)) : publish(serialized);
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

function unsupported(): MeshError {
  return new MeshError(
    'MESH_ERR_UNSUPPORTED',
    'the mesh delivers events to everyone and answers to nobody: use emit()',
  );
}
