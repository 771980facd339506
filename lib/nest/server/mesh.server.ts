import {
  type BaseRpcContext,
  type CustomTransportStrategy,
  type MessageHandler,
  type MsPattern,
  Server,
  type Transport,
} from '@nestjs/microservices';
import { tellHandlersBound } from '../../bus/handlers-bound.js';
import { isMeshBus } from '../../bus/is-mesh-bus.js';
import { MeshBus } from '../../bus/mesh-bus.js';
import type { MeshEvent } from '../../bus/mesh-event.js';
import type { MeshSubscription } from '../../bus/mesh-subscription.js';
import { MeshError } from '../../errors/mesh-error.js';
import type { MeshLogger } from '../../options/mesh-logger.js';
import { BusLink, type MeshConnectionStatus, type MeshEventsMap } from '../bus-link.js';
import { FailureLog } from '../failure-log.js';
import { MESH_TRANSPORT } from '../mesh-transport.js';
import { nestLogger } from '../nest-logger.js';
import { type MeshSerializationOptions, type MeshTransportOptions, separate } from '../serialization.js';
import { deliveryOf } from './delivery.js';
import { EventDeserializer } from './event-deserializer.js';
import { exactPattern } from './exact-pattern.js';
import { type EventHandler, HandlerChain } from './handler-chain.js';
import { MeshBatchContext } from './mesh-batch.context.js';
import { MeshContext } from './mesh.context.js';

/** What `MeshModule` knows of its server, and a user need not say; and serialization, for a server of a given bus. */
export interface MeshServerSettings extends MeshSerializationOptions {
  readonly transport?: symbol;
  readonly logger?: MeshLogger | false;
  /** Called before the bus is started for this server: by then every provider of the application is there. */
  readonly beforeListen?: () => void;
}

/** A handler that gets all events of a turn together. */
interface BatchHandler {
  readonly route: string;
  /** What it is looked up by. */
  readonly name: string;
}

type ListenCallback = (...optionalParams: unknown[]) => unknown;

/**
 * Brings the mesh's events to `@EventPattern` handlers, under all that Nest puts around them. A pattern that is a
 * string is a glob (`*`, `?`, `[a-c]`, `\`), an object or a number is exact; a key goes to every pattern that it matches.
 *
 * Nest makes a handler of each pattern that a method lists: `@EventPattern(['a:*', 'a:b'])` is called twice for `a:b`. It
 * lets the handlers of one pattern run together; when one fails, those that an interceptor has not let in yet are not run.
 *
 * With options it is a node of its own, opened by `listen` and closed by `close`. A bus that is given to it is
 * borrowed: started where nobody has done so yet, and never closed. Handlers that are bound to a bus which runs already
 * have missed what came before: that bus then raises a resync `join`.
 *
 * @throws MeshError `MESH_ERR_CONFIG` options are wrong
 */
export class MeshServer extends Server<MeshEventsMap, MeshConnectionStatus> implements CustomTransportStrategy {
  override transportId: Transport | symbol;
  readonly #link: BusLink;
  readonly #beforeListen: () => void;
  readonly #logger: MeshLogger | false;
  readonly #unreadable: FailureLog;
  /** `undefined`: data are handed on as they came. */
  readonly #events: EventDeserializer | undefined;
  /** Routes that an object or a number gave: signs of a glob in them mean themselves. */
  readonly #exact = new Set<string>();
  readonly #chains = new Map<string, HandlerChain>();
  /** Each by itself: in the chain of its pattern it would be called for each event. */
  readonly #batchHandlers: BatchHandler[] = [];
  /** Those of batches under names that are no routes. */
  readonly #named = new Map<string, EventHandler>();
  #requestHandlers = 0;
  /** `undefined` unless listening. Its identity stands for one `listen`, which a `close` may overtake. */
  #subscriptions: MeshSubscription[] | undefined;

  constructor(options?: MeshTransportOptions | MeshBus, settings: MeshServerSettings = {}) {
    super();
    const { source, serialization } = separate(options, settings);
    this.initializeSerializer(serialization);
    this.initializeDeserializer(serialization);
    this.transportId = settings.transport ?? MESH_TRANSPORT;
    this.#beforeListen = settings.beforeListen ?? (() => undefined);
    this.#logger = settings.logger ?? nestLogger(isMeshBus(source) ? undefined : source);
    this.#unreadable = new FailureLog(this.#logger, 'the deserializer of the mesh');
    const { deserializer } = serialization;
    this.#events = deserializer && new EventDeserializer(deserializer, this.#unreadable);
    this.#link = new BusLink(
      source,
      (options) => new MeshBus({ ...options, logger: this.#logger }),
      (status) => this._status$.next(status),
    );
  }

  /** Whether `listen` was called, and `close` not since. */
  get isListening(): boolean {
    return this.#subscriptions !== undefined;
  }

  /** Events whose data the `deserializer` failed to read. They were handed on as bare keys. */
  get failedDeserializations(): number {
    return this.#unreadable.count;
  }

  /**
   * Subscribes the handlers and starts the bus. Calls back once: without arguments when the bus is ready or `close`
   * overtook it, else with the reason. A second `listen` is refused, as its handlers have been registered a second time too.
   */
  override listen(callback: ListenCallback): void {
    if (this.#subscriptions !== undefined) {
      callback(
        new MeshError('MESH_ERR_CONFIG', 'this MeshServer listens already: connect it to one application, once'),
      );
      return;
    }
    const subscriptions: MeshSubscription[] = [];
    this.#subscriptions = subscriptions;
    this.#open(subscriptions).then(
      () => callback(),
      (error: unknown) => {
        // A close during the start is no failure: Nest would throw it where an application that ends awaits its start.
        if (this.#subscriptions !== subscriptions) return callback();
        this.#unbind();
        return callback(error);
      },
    );
  }

  /** Unsubscribes the handlers, and closes the bus if it is this server's own. Idempotent; `listen` works again. */
  override async close(): Promise<void> {
    this.#unbind();
    await this.#link.close();
  }

  override on<Name extends keyof MeshEventsMap>(event: Name, callback: MeshEventsMap[Name]): void {
    this.#link.on(event, callback);
  }

  /** The `MeshBus` behind this server. */
  override unwrap<T = MeshBus>(): T {
    return this.#link.bus as T;
  }

  override addHandler(
    pattern: unknown,
    callback: MessageHandler,
    isEventHandler = false,
    extras: Record<string, unknown> = {},
  ): void {
    // In the base's map it would share a chain with the events of its pattern, and the network writes patterns.
    if (!isEventHandler) {
      this.#requestHandlers++;
      return;
    }
    const route = this.normalizePattern(pattern as MsPattern);
    if (typeof pattern !== 'string') this.#exact.add(route);
    Object.assign(callback, { isEventHandler, extras });
    if (extras.batch === true) this.#addBatchHandler(route, callback as EventHandler);
    else this.#chain(route, extras).add(callback as EventHandler);
  }

  /** By the pattern, not by a key. A plain read: the base parses the text as JSON, and misses `1.0`, `null` or `true`. */
  override getHandlerByPattern(pattern: string): MessageHandler | null {
    return this.messageHandlers.get(pattern) ?? this.#named.get(pattern) ?? null;
  }

  async #open(subscriptions: MeshSubscription[]): Promise<void> {
    this.#beforeListen();
    this.#warnOfRequestHandlers();
    const bus = this.#link.renew();
    for (const route of this.#chains.keys()) {
      const contextOf = (event: MeshEvent): MeshContext => new MeshContext([event, route]);
      const deliver = this.#deliverer(route, contextOf, payloadOf);
      subscriptions.push(bus.subscribe(this.#patternOf(route), this.#events?.before(deliver) ?? deliver));
    }
    for (const { route, name } of this.#batchHandlers) {
      const contextOf = (events: readonly MeshEvent[]): MeshBatchContext => new MeshBatchContext([events, route]);
      const deliver = this.#deliverer(name, contextOf, asItIs);
      subscriptions.push(bus.subscribeBatch(this.#patternOf(route), this.#events?.beforeBatch(deliver) ?? deliver));
    }
    if (subscriptions.length > 0) tellHandlersBound(bus);
    await this.#link.open();
  }

  #unbind(): void {
    for (const subscription of this.#subscriptions ?? []) subscription.unsubscribe();
    this.#subscriptions = undefined;
  }

  #patternOf(route: string): string {
    return this.#exact.has(route) ? exactPattern(route) : route;
  }

  #chain(route: string, extras: Record<string, unknown>): HandlerChain {
    const known = this.#chains.get(route);
    if (known !== undefined) return known;
    const chain = new HandlerChain();
    this.#chains.set(route, chain);
    this.messageHandlers.set(route, Object.assign(chain.call, { isEventHandler: true, extras }));
    return chain;
  }

  #addBatchHandler(route: string, handler: EventHandler): void {
    // No key and no route that anybody would think of.
    const name = `\0batch ${this.#batchHandlers.length}`;
    const chain = new HandlerChain();
    chain.add(handler);
    this.#named.set(name, chain.call);
    this.#batchHandlers.push({ route, name });
  }

  /**
   * Makes a listener that resolves when all handlers have ended, and rejects if one has failed: by that the bus counts
   * runs and failures. It is an `async` function, which the bus knows for one before it has been called.
   */
  #deliverer<T>(
    name: string,
    contextOf: (value: T) => BaseRpcContext,
    dataOf: (value: T) => unknown,
  ): (value: T) => Promise<void> {
    return async (value) => {
      const context = contextOf(value);
      const delivery = deliveryOf(context);
      try {
        await this.handleEvent(name, { pattern: name, data: dataOf(value) }, context);
      } catch (error) {
        delivery.fail(error);
      }
      if (delivery.isRunning) await delivery.ended();
      delivery.throwFailure();
    };
  }

  #warnOfRequestHandlers(): void {
    const count = this.#requestHandlers;
    if (count === 0 || this.#logger === false) return;
    this.#logger.warn(
      `the mesh delivers events only: ${count} @MessagePattern ${count === 1 ? 'handler is' : 'handlers are'} not ` +
        'reached through it. Name the transport of those that belong to another one: @MessagePattern(pattern, Transport.TCP)',
    );
  }
}

function payloadOf({ data, key }: MeshEvent): unknown {
  return data === undefined ? key : data;
}

function asItIs<T>(value: T): T {
  return value;
}
