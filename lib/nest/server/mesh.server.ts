import {
  type CustomTransportStrategy,
  type MessageHandler,
  type MsPattern,
  Server,
  type Transport,
} from '@nestjs/microservices';
import { finalize } from 'rxjs';
import { tellHandlersBound } from '../../bus/handlers-bound.js';
import { isMeshBus } from '../../bus/is-mesh-bus.js';
import { MeshBus } from '../../bus/mesh-bus.js';
import type { MeshSubscription } from '../../bus/mesh-subscription.js';
import { MeshError } from '../../errors/mesh-error.js';
import type { MeshLogger } from '../../options/mesh-logger.js';
import { BusLink, type MeshConnectionStatus, type MeshEventsMap } from '../bus-link.js';
import { tellFailedStart } from '../failed-start.js';
import { FailureLog } from '../failure-log.js';
import { MESH_TRANSPORT } from '../mesh-transport.js';
import { nestLogger } from '../nest-logger.js';
import { type MeshSerializationOptions, type MeshTransportOptions, separate } from '../serialization.js';
import { EventDeserializer } from './event-deserializer.js';
import { EventHandlers } from './event-handlers.js';
import type { EventHandler } from './handler-chain.js';
import { handlerRoute } from './handler-route.js';
import { type HandleRequest, RequestHandlers } from './request-handlers.js';

/** What `MeshModule` knows of its server, and a user need not say; and serialization, for a server of a given bus. */
export interface MeshServerSettings extends MeshSerializationOptions {
  readonly transport?: symbol;
  readonly logger?: MeshLogger | false;
  /** Called before the bus is started for this server: by then every provider of the application is there. */
  readonly beforeListen?: () => void;
}

/** How Nest's bases of both majors handle requests. They return promises, which their types do not say. */
interface RequestBase {
  /** Nest 11 has none: each of its transports does the same by itself. */
  readonly handleRequest?: HandleRequest;
  readonly onProcessingStartHook: (transport: unknown, context: unknown, done: () => Promise<void>) => unknown;
  readonly onProcessingEndHook?: (transport: unknown, context: unknown) => unknown;
}

type ListenCallback = (...optionalParams: unknown[]) => unknown;

/**
 * Brings the mesh's events to `@EventPattern` handlers, and its requests to those of `@MessagePattern`, under all that Nest
 * puts around them. A pattern that is a string is a glob (`*`, `?`, `[a-c]`, `\`), an object or a number is exact. An event
 * goes to every pattern that its key matches, a request to one: the exact one, else the one that was declared first.
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
  readonly #events: EventHandlers;
  readonly #requests: RequestHandlers;
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
    const { serializer, deserializer } = serialization;
    const reader = deserializer && new EventDeserializer(deserializer, this.#unreadable);
    this.#events = new EventHandlers({
      found: this.messageHandlers,
      handle: (name, packet, context) => this.handleEvent(name, packet, context),
      deserializer: reader,
    });
    this.#requests = new RequestHandlers({
      handle: (...request) => this.#handleRequest(...request),
      observe: (result) => this.transformToObservable(result),
      deserializer: reader,
      serializer,
      failures: new FailureLog(this.#logger, 'an answer to the mesh'),
    });
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

  /** Events, which were handed on as bare keys, and requests, which failed, whose data the `deserializer` did not read. */
  get failedDeserializations(): number {
    return this.#unreadable.count;
  }

  /**
   * Subscribes the handlers and starts the bus. Calls back once: without arguments when the bus is ready or `close`
   * overtook it, else with the reason, which is logged as an error too. A second `listen` is refused, as its handlers have been registered a second time too.
   */
  override listen(callback: ListenCallback): void {
    if (this.#subscriptions !== undefined) {
      this.#refuse(
        new MeshError('MESH_ERR_CONFIG', 'this MeshServer listens already: connect it to one application, once'),
        callback,
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
        return this.#refuse(error, callback);
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
    const route = handlerRoute(this.normalizePattern(pattern as MsPattern), typeof pattern !== 'string');
    if (!isEventHandler) this.#requests.add(route, callback, extras);
    else this.#events.add(route, callback as EventHandler, extras);
  }

  /** All by their patterns. Of a pattern that has both, events and questions, those of events. */
  override getHandlers(): Map<string, MessageHandler> {
    return new Map([...this.#requests.all, ...this.messageHandlers]);
  }

  /**
   * By the pattern, not by a key, and of events first. A plain read: the base parses the text as JSON, and misses `1.0`,
   * `null` or `true`.
   */
  override getHandlerByPattern(pattern: string): MessageHandler | null {
    return this.messageHandlers.get(pattern) ?? this.#events.named(pattern) ?? this.#requests.all.get(pattern) ?? null;
  }

  async #open(subscriptions: MeshSubscription[]): Promise<void> {
    this.#beforeListen();
    const bus = this.#link.renew();
    this.#events.bind(bus, subscriptions);
    if (subscriptions.length > 0) tellHandlersBound(bus);
    this.#requests.bind(bus, subscriptions);
    await this.#link.open();
  }

  #refuse(reason: unknown, callback: ListenCallback): unknown {
    tellFailedStart(this.#logger, reason);
    return callback(reason);
  }

  #unbind(): void {
    for (const subscription of this.#subscriptions ?? []) subscription.unsubscribe();
    this.#subscriptions = undefined;
  }

  #handleRequest(...[context, produce, respond]: Parameters<HandleRequest>): unknown {
    const base = this as unknown as RequestBase;
    if (base.handleRequest !== undefined) return base.handleRequest(context, produce, respond);
    return base.onProcessingStartHook(this.transportId, context, async () => {
      const end = (): void => void base.onProcessingEndHook?.(this.transportId, context);
      this.send((await produce()).pipe(finalize(end)), respond);
    });
  }
}
