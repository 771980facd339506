import type { CacheWorld } from './cache-world.js';
import type { Draw } from './draw.js';
import type { WorldNode } from './world-node.js';

/** How a run is written to: at which pace, and how much at once. */
export type TrafficStyle = 'sparse' | 'steady' | 'bursts' | 'hot' | 'long';

/** Those that are drawn from. Long events are for scenarios that ask for them. */
export const TRAFFIC_STYLES: readonly TrafficStyle[] = ['sparse', 'steady', 'bursts', 'hot'];

/** The mean pause between two writes, by anyone. */
const PAUSE_MS: Readonly<Record<TrafficStyle, number>> = {
  ...{ sparse: 900, steady: 90, bursts: 1500, hot: 120, long: 250 },
};
/** What an event may hold that is longer than a datagram. */
const LONGEST_DATA = 64 * 1024;
const LONGEST_LOAD_MS = 400;

/** Lets the applications write and read for a while. */
export class Traffic {
  readonly #world: CacheWorld;
  readonly #draw: Draw;
  readonly #style: TrafficStyle;

  constructor(world: CacheWorld, draw: Draw, style: TrafficStyle) {
    this.#world = world;
    this.#draw = draw;
    this.#style = style;
  }

  /** From now on, for `forMs`; `writers` says who may write. */
  start(forMs: number, writers: () => readonly WorldNode[]): void {
    const { simulator } = this.#world;
    const end = simulator.now + forMs;
    const next = (): void => {
      const pause = this.#draw.between(0.1, 1.9) * PAUSE_MS[this.#style];
      if (simulator.now + pause > end) return;
      simulator.after(pause, () => {
        this.writeOnce(writers());
        next();
      });
    };
    next();
  }

  writeOnce(writers: readonly WorldNode[]): void {
    const awake = writers.filter((node) => this.#world.isAwake(node));
    if (awake.length === 0) return;
    const writer = this.#draw.pick(awake);
    const { keys } = this.#world;
    if (this.#draw.chance(0.3)) this.#loadSomewhere();
    if (this.#style === 'bursts' && this.#draw.chance(0.7)) {
      this.#world.write(writer, this.#draw.some(keys, this.#draw.whole(10, keys.length)));
    } else if (this.#draw.chance(0.04)) {
      this.#world.writeMatching(writer, `g${this.#draw.whole(0, 9)}:*`);
    } else {
      this.#writeKeys(writer, this.#style === 'hot' ? keys.slice(0, 3) : keys);
    }
    if (this.#draw.chance(0.3)) this.#loadSomewhere();
  }

  #writeKeys(writer: WorldNode, keys: readonly string[]): void {
    const count = this.#draw.chance(0.8) ? 1 : this.#draw.whole(2, 6);
    if (this.#style === 'long' && this.#draw.chance(0.6)) return this.#writeLong(writer, this.#draw.pick(keys));
    const data = this.#draw.chance(0.08) ? Buffer.alloc(this.#draw.whole(1, 700), 0x20) : undefined;
    this.#world.write(writer, this.#draw.some(keys, count), data);
  }

  #writeLong(writer: WorldNode, key: string): void {
    const bytes = this.#draw.chance(0.3) ? LONGEST_DATA : this.#draw.whole(1200, 20_000);
    this.#world.write(writer, [key], Buffer.alloc(bytes, 0x20));
  }

  /** A load that takes time may end after the write that it has not seen. */
  #loadSomewhere(): void {
    const readers = this.#world.present().filter((node) => node.ready && this.#world.isAwake(node));
    if (readers.length === 0) return;
    const reader = this.#draw.pick(readers);
    const key = this.#draw.pick(this.#world.keys);
    reader.cache.drop(key);
    this.#world.load(reader, key, this.#draw.between(0.1, LONGEST_LOAD_MS));
  }
}
