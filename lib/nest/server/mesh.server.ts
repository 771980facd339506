import {
  type CustomTransportStrategy,
  type MessageHandler,
  type MsPattern,
  Server,
  type Transport,
} from '@nestjs/microservices';
import { isObservable, tap } from 'rxjs';
import { tellHandlersBound } from '../../bus/handlers-bound.js';
import { isMeshBus } from '../../bus/is-mesh-bus.js';
import { MeshBus } from '../../bus/mesh-bus.js';
import type { MeshEvent } from '../../bus/mesh-event.js';
import type { MeshSubscription } from '../../bus/mesh-subscription.js';
import { MeshError } from '../../errors/mesh-error.js';
import type { MeshLogger } from '../../options/mesh-logger.js';
import type { MeshOptions } from '../../options/mesh-options.js';
import { BusLink, type MeshConnectionStatus, type MeshEventsMap } from '../bus-link.js';
import { MESH_TRANSPORT } from '../mesh-transport.js';
import { nestLogger } from '../nest-logger.js';
import { exactPattern } from './exact-pattern.js';
import { MeshContext } from './mesh.context.js';

/** What `MeshModule` knows of its server, and a user need not say. */
export interface MeshServerSettings {
  readonly transport?: symbol;
  readonly logger?: MeshLogger | false;
  /** Called before the bus is started for this server: by then every provider of the application is there. */
  readonly beforeListen?: () => void;
}

type EventHandler = MessageHandler<unknown, MeshContext, unknown>;
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
  /** Routes that an object or a number gave: signs of a glob in them mean themselves. */
  readonly #exact = new Set<string>();
  readonly #heads = new Map<string, EventHandler>();
  /** How the bus is told that the handlers of an event failed. */
  readonly #rejections = new WeakMap<object, (error: unknown) => void>();
  #requestHandlers = 0;
  /** `undefined` unless listening. Its identity stands for one `listen`, which a `close` may overtake. */
  #subscriptions: MeshSubscription[] | undefined;

  constructor(source?: MeshOptions | MeshBus, settings: MeshServerSettings = {}) {
    super();
    this.transportId = settings.transport ?? MESH_TRANSPORT;
    this.#beforeListen = settings.beforeListen ?? (() => undefined);
    this.#logger = settings.logger ?? nestLogger(isMeshBus(source) ? undefined : source);
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
    super.addHandler(pattern, callback, isEventHandler, extras);
    if (typeof pattern !== 'string') this.#exact.add(this.normalizePattern(pattern as MsPattern));
  }

  /** By the pattern, not by a key. A plain read: the base parses the text as JSON, and misses `1.0`, `null` or `true`. */
  override getHandlerByPattern(pattern: string): MessageHandler | null {
    return this.#heads.get(pattern) ?? this.messageHandlers.get(pattern) ?? null;
  }

  async #open(subscriptions: MeshSubscription[]): Promise<void> {
    this.#beforeListen();
    this.#warnOfRequestHandlers();
    const bus = this.#link.renew();
    for (const [route, head] of this.messageHandlers) {
      this.#heads.set(route, this.#watch(head as EventHandler));
      const pattern = this.#exact.has(route) ? exactPattern(route) : route;
      subscriptions.push(bus.subscribe(pattern, (event) => this.#deliver(route, event)));
    }
    if (subscriptions.length > 0) tellHandlersBound(bus);
    await this.#link.open();
  }

  #unbind(): void {
    for (const subscription of this.#subscriptions ?? []) subscription.unsubscribe();
    this.#subscriptions = undefined;
    this.#heads.clear();
  }

  /** Rejects when handlers fail, by which the bus counts and logs it; there is nothing to resolve. */
  #deliver(route: string, event: MeshEvent): Promise<void> {
    const data = event.data === undefined ? event.key : event.data;
    const context = new MeshContext([event, route]);
    return new Promise((_, reject) => {
      this.#rejections.set(context, reject);
      this.handleEvent(route, { pattern: route, data }, context).catch(reject);
    });
  }

  /** The head of a chain calls the others itself; the base subscribes to what it returns, and lets errors fall. */
  #watch(head: EventHandler): EventHandler {
    const watched: EventHandler = async (data, context) => {
      const result = await head(data, context);
      if (!isObservable(result) || context === undefined) return result;
      return result.pipe(tap({ error: this.#rejections.get(context) ?? (() => undefined) }));
    };
    return Object.assign(watched, { isEventHandler: true, extras: head.extras ?? {} });
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
