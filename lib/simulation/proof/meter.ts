import { PacketType } from '../../wire/packet.js';
import type { Carriage, DropCause } from '../simulator-observer.js';
import { isSequenced } from './ledger.js';

export interface KindCount {
  datagrams: number;
  bytes: number;
}

const NAMES = new Map<number, string>(
  Object.entries(PacketType).map(([name, type]) => [type, name.toLowerCase().replaceAll('_', '-')]),
);

/** Counts what is carried, by kind; to the group, once for each receiver, as its link carries it. */
export class Meter {
  readonly drops: Record<DropCause, number> = { lost: 0, cut: 0, overrun: 0, asleep: 0, gone: 0 };
  /** Of all that did not come to a node that runs, what had events in it. */
  eventDrops = 0;
  readonly #kinds = new Map<number, KindCount>();

  noteCarried({ bytes, from, to }: Carriage): void {
    if (from === to) return;
    const type = bytes[1] ?? 0;
    let count = this.#kinds.get(type);
    if (count === undefined) this.#kinds.set(type, (count = { datagrams: 0, bytes: 0 }));
    count.datagrams++;
    count.bytes += bytes.length;
  }

  noteDropped({ bytes, from, to }: Carriage, cause: DropCause): void {
    if (from === to) return;
    this.drops[cause]++;
    if (cause !== 'gone' && isSequenced(bytes[1])) this.eventDrops++;
  }

  /** What did not come to a node that runs. */
  get dropped(): number {
    const { lost, cut, overrun, asleep } = this.drops;
    return lost + cut + overrun + asleep;
  }

  kinds(): ReadonlyMap<string, KindCount> {
    const sorted = [...this.#kinds].sort(([, one], [, other]) => other.bytes - one.bytes);
    return new Map(sorted.map(([type, count]) => [NAMES.get(type) ?? `0x${type.toString(16)}`, count]));
  }

  /** Begins anew. */
  reset(): void {
    this.#kinds.clear();
    this.eventDrops = 0;
    for (const cause of ['lost', 'cut', 'overrun', 'asleep', 'gone'] as const) this.drops[cause] = 0;
  }
}
