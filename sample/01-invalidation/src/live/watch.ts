import { setTimeout as delay } from 'node:timers/promises';
import type { ProductsStore } from '../products/products.store.js';
import type { Fleet } from '../story/fleet.js';
import type { Instance } from '../story/instance.js';
import { lookAt, WATCHED_ID } from './look.js';
import { happeningsBetween, LOOK_EVERY_MS, type Sighting, sight } from './sighting.js';
import { isSame, networkOf, type Weather } from './weather.js';

/** Looks at all instances again and again, keeps their networks as bad as they shall be, and tells what happens. */
export class Watch {
  weather: Weather = { lossy: false, cutOff: undefined };
  readonly #fleet: Fleet;
  readonly #store: ProductsStore;
  readonly #tell: (happening: string) => void;
  /** By name; what is there of an instance that has ended is its last. */
  readonly #sightings = new Map<string, Sighting>();

  constructor(fleet: Fleet, store: ProductsStore, tell: (happening: string) => void) {
    this.#fleet = fleet;
    this.#store = store;
    this.#tell = tell;
  }

  /** Until the signal. Each instance is looked at by itself, so that one that hangs does not hold up the others. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all(
      this.#fleet.instances.map(async ({ name }) => {
        while (!signal.aborted) {
          await this.#look(name, signal);
          await delay(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined);
        }
      }),
    );
  }

  sighting(name: string): Sighting | undefined {
    return this.#sightings.get(name);
  }

  /** Changes the network at once; who does not answer gets the change when it does. */
  async change(weather: Partial<Weather>): Promise<void> {
    this.weather = { ...this.weather, ...weather };
    await Promise.all(this.#fleet.instances.map((instance) => this.#changeNetwork(instance)));
  }

  async #look(name: string, signal: AbortSignal): Promise<void> {
    const instance = this.#fleet.instances.find((one) => one.name === name);
    if (instance === undefined) return;
    const truth = await this.#truth();
    const look = await lookAt(instance).catch(() => undefined);
    if (look === undefined || signal.aborted) return;
    const before = this.#sightings.get(name);
    const after = sight(before, look, [truth, await this.#truth()], performance.now());
    this.#sightings.set(name, after);
    if (before !== undefined) for (const line of happeningsBetween(name, before, after)) this.#tell(line);
    if (!isSame(look.network, this.#networkOf(instance))) await this.#changeNetwork(instance);
  }

  async #truth(): Promise<number> {
    return (await this.#store.read(WATCHED_ID)).price;
  }

  async #changeNetwork(instance: Instance): Promise<void> {
    await instance.changeNetwork(this.#networkOf(instance)).catch(() => undefined);
  }

  #networkOf({ name }: Instance): ReturnType<typeof networkOf> {
    const endpoints = [...this.#sightings].map(([one, { look }]) => [one, look.endpoints] as const);
    return networkOf(name, this.weather, new Map(endpoints));
  }
}
