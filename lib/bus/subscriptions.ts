import { type PatternEntry, PatternIndex } from '../delivery/pattern-index.js';
import { checkListener } from './checks.js';
import type { HandlerRunner } from './handler-runner.js';
import { subscriptionOf } from './listeners.js';
import type { MeshEvent } from './mesh-event.js';
import type { MeshKeySubscription, MeshListener, MeshListenOptions, MeshSubscription } from './mesh-subscription.js';

/** One subscription to keys. */
export interface Subscriber {
  readonly pattern: string;
  readonly listener: MeshListener<MeshEvent>;
  /** How a log may name it: not at all where the pattern is a key. */
  readonly label: string | undefined;
  active: boolean;
}

/** Who wants to hear of which keys. */
export class Subscriptions {
  readonly #runner: HandlerRunner;
  readonly #index = new PatternIndex<Subscriber>();
  readonly #open = new Set<MeshSubscription>();

  constructor(runner: HandlerRunner) {
    this.#runner = runner;
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
    const subscriber: Subscriber = { pattern, listener, label: exact ? undefined : pattern, active: true };
    const entry: PatternEntry<Subscriber> = exact
      ? this.#index.addExact(pattern, subscriber)
      : this.#index.add(pattern, subscriber);
    const remove = (): void => {
      subscriber.active = false;
      this.#index.remove(entry);
    };
    return { pattern, ...subscriptionOf(remove, options, this.#open) };
  }

  /** Those whose pattern matches, in order of subscription. */
  match(key: string): readonly Subscriber[] {
    return this.#index.match(key);
  }

  /** Tells each of them, and a listener that several of them share once. Who is unsubscribed meanwhile is not told. */
  tell(subscribers: readonly Subscriber[], event: MeshEvent): void {
    const told = subscribers.length > 1 ? new Set<MeshListener<MeshEvent>>() : undefined;
    for (const subscriber of subscribers) {
      if (!subscriber.active || told?.has(subscriber.listener) === true) continue;
      told?.add(subscriber.listener);
      this.#runner.run(subscriber.listener, event, subscriber.label);
    }
  }

  /** Ends all subscriptions. */
  clear(): void {
    for (const subscription of this.#open) subscription.unsubscribe();
  }
}
