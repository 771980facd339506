import { isGlob } from '../delivery/glob.js';
import { type PatternEntry, PatternIndex } from '../delivery/pattern-index.js';
import { checkListener } from './checks.js';
import { subscriptionOf } from './listeners.js';
import type { MeshResponder } from './mesh-request.js';
import type { MeshKeySubscription, MeshListenOptions, MeshSubscription } from './mesh-subscription.js';

/** One who answers, as it was added. */
export interface RegisteredResponder {
  readonly pattern: string;
  readonly responder: MeshResponder;
  /** It has been seen to take its time. */
  isAsync: boolean;
}

/** Who answers which questions here: one of them for each question. */
export class Responders {
  readonly #index = new PatternIndex<RegisteredResponder>();
  readonly #open = new Set<MeshSubscription>();

  add(pattern: string, responder: MeshResponder, options: MeshListenOptions | undefined): MeshKeySubscription {
    checkListener(responder);
    const entry: PatternEntry<RegisteredResponder> = this.#index.add(pattern, {
      ...{ pattern, responder, isAsync: false },
    });
    return { pattern, ...subscriptionOf(() => this.#index.remove(entry), options, this.#open) };
  }

  /** The one whose pattern is this key and no other, else the one that was added first. */
  find(key: string): RegisteredResponder | undefined {
    const matching = this.#index.match(key);
    return matching.find(({ pattern }) => !isGlob(pattern)) ?? matching[0];
  }

  clear(): void {
    for (const subscription of this.#open) subscription.unsubscribe();
  }
}
