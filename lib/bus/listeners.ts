import { onAbort } from './abort.js';
import { checkListener } from './checks.js';
import type { HandlerRunner } from './handler-runner.js';
import type { MeshListener, MeshListenOptions, MeshSubscription } from './mesh-subscription.js';

interface Listening<T> {
  readonly listener: MeshListener<T>;
  active: boolean;
}

/** Those who listen to one kind of thing, told in order of registration. */
export class Listeners<T> {
  readonly #runner: HandlerRunner;
  /** Replaced at each change, so that a round that is under way goes over those who were there when it began. */
  #all: readonly Listening<T>[] = [];
  readonly #subscriptions = new Set<MeshSubscription>();
  #running = 0;
  #hasFailed = false;
  readonly #onIdle: (() => void)[] = [];

  constructor(runner: HandlerRunner) {
    this.#runner = runner;
  }

  get size(): number {
    return this.#all.length;
  }

  /** @throws MeshError `MESH_ERR_ARGUMENT` the listener is no function, or the signal none */
  add(listener: MeshListener<T>, options: MeshListenOptions | undefined): MeshSubscription {
    checkListener(listener);
    const listening: Listening<T> = { listener, active: true };
    this.#all = [...this.#all, listening];
    const remove = (): void => {
      listening.active = false;
      this.#all = this.#all.filter((other) => other !== listening);
    };
    return subscriptionOf(remove, options, this.#subscriptions);
  }

  tell(value: T): void {
    for (const listening of this.#all) if (listening.active) this.#run(listening, value);
  }

  /** Resolves when none of them runs any more, with whether one has failed since this was last asked. */
  async settled(): Promise<boolean> {
    while (this.#running > 0) await new Promise<void>((resolve) => this.#onIdle.push(resolve));
    const hasFailed = this.#hasFailed;
    this.#hasFailed = false;
    return hasFailed;
  }

  #run({ listener }: Listening<T>, value: T): void {
    const state = this.#runner.run(listener, value, undefined, (failed) => {
      this.#running--;
      this.#hasFailed ||= failed;
      if (this.#running === 0) for (const resolve of this.#onIdle.splice(0)) resolve();
    });
    if (state === 'running') this.#running++;
    this.#hasFailed ||= state === 'failed';
  }

  /** Ends all subscriptions. */
  clear(): void {
    for (const subscription of this.#subscriptions) subscription.unsubscribe();
  }
}

/**
 * What calls `remove` once: by itself, or by the signal. Until then it is in `open`.
 *
 * @throws MeshError `MESH_ERR_ARGUMENT` the signal is none; `remove` was called
 */
export function subscriptionOf(
  remove: () => void,
  options: MeshListenOptions | undefined,
  open: Set<MeshSubscription>,
): MeshSubscription {
  let stopAbort = (): void => undefined;
  const subscription: MeshSubscription = {
    unsubscribe: () => {
      if (!open.delete(subscription)) return;
      stopAbort();
      remove();
    },
  };
  open.add(subscription);
  try {
    stopAbort = onAbort(options?.signal, subscription.unsubscribe);
  } catch (error) {
    subscription.unsubscribe();
    throw error;
  }
  return subscription;
}
