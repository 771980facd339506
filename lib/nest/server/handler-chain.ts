import type { MessageHandler } from '@nestjs/microservices';
import { finalize, forkJoin, from, isObservable, mergeMap, type Observable, of } from 'rxjs';
import { type Delivery, deliveryOf } from './delivery.js';

export type EventHandler = MessageHandler<unknown, unknown, unknown>;

/** What a handler with a `next` gets from it: the chain joins the two itself. */
const PLACEHOLDER = of(undefined);

/**
 * The event handlers of one pattern. They run as where Nest chains them by `next`: together, with the same arguments,
 * and when one fails, those behind interceptors that have not been let in yet are given up. Here each is followed by
 * itself, where Nest's handler calls its `next` and returns both as one.
 */
export class HandlerChain {
  readonly #handlers: EventHandler[] = [];
  /** What runs behind each handler that has called its `next`. */
  readonly #rests = new WeakMap<Delivery, unknown[]>();
  /** Whether the handler that is being called has looked for its `next`; `undefined`: none is being called. */
  #hasAsked: boolean | undefined;

  add(handler: EventHandler): void {
    const index = this.#handlers.push(handler) - 1;
    const before = this.#handlers[index - 1];
    if (before !== undefined) this.#link(before, index);
  }

  /** Calls all of them: what `Server.handleEvent` takes for the only handler. Bound, as it is handed on. */
  readonly call: EventHandler = (data, context) => {
    const delivery = deliveryOf(context);
    if (this.#handlers.length > 1) return this.#callAll([data, context], delivery);
    return delivery.follow(this.#handlers[0]!(data, context));
  };

  async #callAll(args: readonly unknown[], delivery: Delivery): Promise<unknown> {
    const result = await this.#run(0, args, delivery);
    if (isObservable(result)) return result.pipe(finalize(() => delivery.giveUp()));
    delivery.giveUp();
    return result;
  }

  /**
   * A handler whose controller is a singleton looks for its `next` before its call returns. It is told that there is
   * none, and returns its own run alone. One that is made for the request looks later; it calls `next` with the
   * request in front of the arguments, by which handlers share what was made for it.
   */
  #link(handler: EventHandler, index: number): void {
    const next = (...args: readonly unknown[]): unknown => {
      const delivery = deliveryOf(args.at(-1));
      const rests = this.#rests.get(delivery) ?? [];
      this.#rests.set(delivery, rests);
      rests[index] = this.#run(index, args, delivery);
      return PLACEHOLDER;
    };
    const get = (): unknown => {
      if (this.#hasAsked === undefined) return next;
      this.#hasAsked = true;
      return undefined;
    };
    Object.defineProperty(handler, 'next', { configurable: true, get });
  }

  /** Runs the handler and those behind it. */
  #run(index: number, args: readonly unknown[], delivery: Delivery): unknown {
    const [own, hasAsked] = this.#start(index, args, delivery);
    if (index === this.#handlers.length - 1) return own;
    return hasAsked ? join(own, this.#run(index + 1, args, delivery)) : this.#runLate(index, own, delivery);
  }

  #start(index: number, args: readonly unknown[], delivery: Delivery): [own: Promise<unknown>, hasAsked: boolean] {
    const handler = this.#handlers[index] as (...all: readonly unknown[]) => unknown;
    this.#hasAsked = false;
    try {
      const own = delivery.follow(handler(...args));
      return [own, this.#hasAsked];
    } finally {
      this.#hasAsked = undefined;
    }
  }

  async #runLate(index: number, own: Promise<unknown>, delivery: Delivery): Promise<unknown> {
    const result = await own;
    const rest = this.#rests.get(delivery)?.[index + 1];
    // It never came to call `next` where what it needs could not be made.
    return rest === undefined ? result : join(result, rest);
  }
}

function join(current: unknown, next: unknown): Observable<unknown> {
  return forkJoin({ current: observe(current), next: observe(next) });
}

function observe(run: unknown): Observable<unknown> {
  if (isObservable(run)) return run;
  return from(Promise.resolve(run)).pipe(mergeMap((result) => (isObservable(result) ? result : of(result))));
}
