import type { CacheWorld } from './cache-world.js';

/** From publish to handler, of every delivery to a node that was ready then, in ascending order. */
export function latenciesOf(world: CacheWorld): Float64Array {
  const latencies: number[] = [];
  for (const origin of world.ledger.origins()) {
    for (const { sequence, publishedAt } of world.ledger.sentBy(origin)) {
      for (const node of world.nodes) {
        const deliveredAt = node.deliveredAt(origin, sequence);
        if (deliveredAt === undefined || node.readyAt === undefined || node.readyAt > publishedAt) continue;
        latencies.push(deliveredAt - publishedAt);
      }
    }
  }
  return Float64Array.from(latencies).sort();
}

/** The latency that this share of all deliveries did not exceed; `NaN` of none. */
export function quantile(sorted: Float64Array, share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))] ?? Number.NaN;
}

/** Up to 100 with two digits, and beyond without any. */
export function milliseconds(value: number): string {
  if (Number.isNaN(value)) return '–';
  if (value >= 10_000) return `${(value / 1000).toFixed(1)} s`;
  return `${value < 100 ? value.toFixed(value < 10 ? 2 : 1) : value.toFixed(0)} ms`;
}
