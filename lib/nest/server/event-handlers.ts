import type { BaseRpcContext, MessageHandler, ReadPacket } from '@nestjs/microservices';
import type { MeshBus } from '../../bus/mesh-bus.js';
import type { MeshEvent } from '../../bus/mesh-event.js';
import type { MeshSubscription } from '../../bus/mesh-subscription.js';
import { deliveryOf } from './delivery.js';
import type { EventDeserializer } from './event-deserializer.js';
import { type EventHandler, HandlerChain } from './handler-chain.js';
import { MeshBatchContext } from './mesh-batch.context.js';
import { MeshContext } from './mesh.context.js';
import type { HandlerRoute } from './handler-route.js';

interface Parts {
  /** Where Nest looks for the chains of handlers, by route. */
  readonly found: Map<string, MessageHandler>;
  /** `Server.handleEvent`. */
  readonly handle: (name: string, packet: ReadPacket, context: BaseRpcContext) => Promise<unknown>;
  /** `undefined`: data are handed on as they came. */
  readonly deserializer: EventDeserializer | undefined;
}

/** A handler that gets all events of a turn together. */
interface BatchHandler {
  readonly route: HandlerRoute;
  /** What it is looked up by. */
  readonly name: string;
}

/** The event handlers of a server, and how events of a bus come to them. */
export class EventHandlers {
  readonly #parts: Parts;
  readonly #chains = new Map<string, { readonly route: HandlerRoute; readonly chain: HandlerChain }>();
  /** Each by itself: in the chain of its pattern it would be called for each event. */
  readonly #batchHandlers: BatchHandler[] = [];
  /** Those of batches under names that are no routes. */
  readonly #named = new Map<string, EventHandler>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  add(route: HandlerRoute, handler: EventHandler, extras: Record<string, unknown>): void {
    Object.assign(handler, { isEventHandler: true, extras });
    if (extras.batch === true) this.#addBatchHandler(route, handler);
    else this.#chain(route, extras).add(handler);
  }

  /** One of batches, by the name that it has here. */
  named(name: string): EventHandler | undefined {
    return this.#named.get(name);
  }

  /** Subscribes all of them. What was subscribed is noted at once, as a pattern behind it may be refused. */
  bind(bus: MeshBus, subscriptions: MeshSubscription[]): void {
    const { deserializer } = this.#parts;
    for (const { route } of this.#chains.values()) {
      const contextOf = (event: MeshEvent): MeshContext => new MeshContext([event, route.text]);
      const deliver = this.#deliverer(route.text, contextOf, payloadOf);
      subscriptions.push(bus.subscribe(route.pattern, deserializer?.before(deliver) ?? deliver));
    }
    for (const { route, name } of this.#batchHandlers) {
      const contextOf = (events: readonly MeshEvent[]): MeshBatchContext => new MeshBatchContext([events, route.text]);
      const deliver = this.#deliverer(name, contextOf, asItIs);
      subscriptions.push(bus.subscribeBatch(route.pattern, deserializer?.beforeBatch(deliver) ?? deliver));
    }
  }

  #chain(route: HandlerRoute, extras: Record<string, unknown>): HandlerChain {
    const known = this.#chains.get(route.text);
    if (known !== undefined) {
      // An object and a text may be the same route: what was exact once remains so.
      if (route.isExact) this.#chains.set(route.text, { route, chain: known.chain });
      return known.chain;
    }
    const chain = new HandlerChain();
    this.#chains.set(route.text, { route, chain });
    this.#parts.found.set(route.text, Object.assign(chain.call, { isEventHandler: true, extras }));
    return chain;
  }

  #addBatchHandler(route: HandlerRoute, handler: EventHandler): void {
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
    const { handle } = this.#parts;
    return async (value) => {
      const context = contextOf(value);
      const delivery = deliveryOf(context);
      try {
        await handle(name, { pattern: name, data: dataOf(value) }, context);
      } catch (error) {
        delivery.fail(error);
      }
      if (delivery.isRunning) await delivery.ended();
      delivery.throwFailure();
    };
  }
}

function payloadOf({ data, key }: MeshEvent): unknown {
  return data === undefined ? key : data;
}

function asItIs<T>(value: T): T {
  return value;
}
