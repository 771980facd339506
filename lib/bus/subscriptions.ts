import { type PatternEntry, PatternIndex } from '../delivery/pattern-index.js';
import type { AwaitedEvents } from './awaited-events.js';
import { soon } from '../runtime/soon.js';
import { checkListener } from './checks.js';
import type { HandlerRuns } from './handler-runs.js';
import { subscriptionOf } from './listeners.js';
import type { MeshEvent } from './mesh-event.js';
import type {
  MeshBatchListener,
  MeshKeySubscription,
  MeshListener,
  MeshListenOptions,
  MeshSubscription,
} from './mesh-subscription.js';
import { type BatchSubscriber, standing, type Subscriber } from './subscriber.js';

/** Who wants to hear of which keys. */
export class Subscriptions {
  readonly #runs: HandlerRuns;
  readonly #awaited: AwaitedEvents;
  readonly #index = new PatternIndex<Subscriber>();
  readonly #open = new Set<MeshSubscription>();
  /** Those for whom something was collected in this turn. */
  #collecting: BatchSubscriber[] = [];

  constructor(runs: HandlerRuns, awaited: AwaitedEvents) {
    this.#runs = runs;
    this.#awaited = awaited;
  }

  get size(): number {
    return this.#index.size;
  }

  /** @param exact whether the pattern is a key, in which no character is special */
  add(
    pattern: string,
    listener: MeshListener<MeshEvent>,
    options: MeshListenOptions | undefined,
    exact: boolean,
  ): MeshKeySubscription {
    checkListener(listener);
    const label = exact ? undefined : pattern;
    const subscriber: Subscriber = { ...standing(pattern, label, listener), kind: 'event', listener };
    const entry = exact ? this.#index.addExact(pattern, subscriber) : this.#index.add(pattern, subscriber);
    return this.#subscription(entry, options);
  }

  addBatch(pattern: string, listener: MeshBatchListener, options: MeshListenOptions | undefined): MeshKeySubscription {
    checkListener(listener);
    const subscriber: Subscriber = {
      ...standing(pattern, pattern, listener),
      kind: 'batch',
      listener,
      collected: [],
    };
    return this.#subscription(this.#index.add(pattern, subscriber), options);
  }

  /** Those whose pattern matches, in order of subscription. */
  match(key: string): readonly Subscriber[] {
    return this.#index.match(key);
  }

  /** Tells each of them, and a listener that several of them share once. Who is unsubscribed meanwhile is not told. */
  tell(subscribers: readonly Subscriber[], event: MeshEvent): void {
    const told = subscribers.length > 1 ? new Set<unknown>() : undefined;
    for (const subscriber of subscribers) {
      if (!subscriber.active || told?.has(subscriber.listener) === true) continue;
      told?.add(subscriber.listener);
      if (!this.#awaited.isEmpty) this.#awaited.started(event);
      if (subscriber.kind === 'event') this.#runs.tell(subscriber, event);
      else this.#collect(subscriber, event);
    }
  }

  /** Ends all subscriptions. */
  clear(): void {
    for (const subscription of this.#open) subscription.unsubscribe();
  }

  #subscription(entry: PatternEntry<Subscriber>, options: MeshListenOptions | undefined): MeshKeySubscription {
    const subscriber = entry.value;
    const remove = (): void => {
      subscriber.active = false;
      this.#index.remove(entry);
      this.#runs.forget(subscriber);
    };
    return { pattern: subscriber.pattern, ...subscriptionOf(remove, options, this.#open) };
  }

  #collect(subscriber: BatchSubscriber, event: MeshEvent): void {
    if (subscriber.collected.length === 0) {
      // Behind all that is handed on now, and before Node turns to anything else.
      if (this.#collecting.length === 0) soon(this.#tellBatches);
      this.#collecting.push(subscriber);
    }
    subscriber.collected.push(event);
  }

  readonly #tellBatches = (): void => {
    const collecting = this.#collecting;
    this.#collecting = [];
    for (const subscriber of collecting) {
      const events = subscriber.collected;
      subscriber.collected = [];
      if (subscriber.active) this.#runs.tellBatch(subscriber, events);
      else if (!this.#awaited.isEmpty) for (const event of events) this.#awaited.ended(event, false);
    }
  };
}
