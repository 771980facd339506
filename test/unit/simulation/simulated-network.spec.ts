import { describe, expect, it } from '@jest/globals';

import { SeededRandom } from '../../../lib/simulation/seeded-random.js';
import { CALM, type NetworkConditions, SimulatedNetwork } from '../../../lib/simulation/simulated-network.js';

const [A, B, C] = ['10.0.0.1:1', '10.0.0.2:1', '10.0.0.3:1'] as const;
const DRAWS = 20_000;

function network(conditions: Partial<NetworkConditions> = {}): SimulatedNetwork {
  return new SimulatedNetwork(new SeededRandom(1), { ...CALM, ...conditions });
}

/** The delays of many datagrams, each a list of its copies. */
function sendMany(through: SimulatedNetwork): (readonly number[])[] {
  return Array.from({ length: DRAWS }, () => through.delays(A, B, false));
}

describe('SimulatedNetwork', () => {
  it('delivers each once in calm, within latency and jitter', () => {
    const calm = network();
    for (const copies of sendMany(calm)) {
      expect(copies).toHaveLength(1);
      expect(copies[0]! - 0.5).toBeGreaterThanOrEqual(0);
      expect(copies[0]!).toBeLessThan(0.6);
    }
    expect(calm.counts).toEqual({ sent: DRAWS, lost: 0, cut: 0, duplicated: 0, delayed: 0, delivered: DRAWS });
  });

  it.each([0.01, 0.3])('loses %s of them', (loss) => {
    const lossy = network({ loss });
    const arrived = sendMany(lossy).filter((copies) => copies.length === 1).length;
    expect(Math.abs(arrived / DRAWS - (1 - loss))).toBeLessThan(0.01);
    expect(lossy.counts).toMatchObject({ lost: DRAWS - arrived, delivered: arrived });
  });

  it('doubles some, and loses each copy by itself', () => {
    const doubling = network({ duplication: 0.5, loss: 0.5 });
    const all = sendMany(doubling);
    for (const [copies, share] of [
      [2, 0.125],
      [1, 0.5],
      [0, 0.375],
    ] as const) {
      expect(Math.abs(all.filter(({ length }) => length === copies).length / DRAWS - share)).toBeLessThan(0.02);
    }
    expect(Math.abs(doubling.counts.duplicated / DRAWS - 0.5)).toBeLessThan(0.02);
  });

  it('lets some take up to ten times as long', () => {
    const uneven = network({ reordering: 0.2, latencyMs: 1, jitterMs: 0 });
    const delays = sendMany(uneven).flat();
    expect(Math.max(...delays)).toBeGreaterThan(9);
    expect(Math.max(...delays)).toBeLessThanOrEqual(10);
    expect(Math.abs(uneven.counts.delayed / DRAWS - 0.2)).toBeLessThan(0.02);
  });

  it('cuts one way, until it heals', () => {
    const split = network();
    split.cut(A, B);
    expect([split.delays(A, B, false), split.delays(A, B, true)]).toEqual([[], []]);
    expect([split.delays(B, A, false).length, split.delays(A, C, false).length]).toEqual([1, 1]);
    expect(split.counts).toMatchObject({ sent: 4, cut: 2, delivered: 2 });
    split.heal();
    expect(split.delays(A, B, false)).toHaveLength(1);
  });

  it('parts each of the one side from each of the other, both ways', () => {
    const split = network();
    split.partition([A], [B, C]);
    expect([split.delays(A, B, false), split.delays(C, A, false)]).toEqual([[], []]);
    expect(split.delays(B, C, false)).toHaveLength(1);
  });

  it('keeps the group from one that is cut off it', () => {
    const split = network();
    split.cutGroup(B);
    expect([
      split.delays(A, B, true).length,
      split.delays(A, B, false).length,
      split.delays(B, A, true).length,
    ]).toEqual([0, 1, 1]);
  });

  it('keeps the group from all when there is no multicast', () => {
    const without = network({ multicast: false });
    expect([without.delays(A, B, true).length, without.delays(A, B, false).length]).toEqual([0, 1]);
  });
});
