import { describe, expect, it } from '@jest/globals';

import { SeededRandom } from '../../../lib/primitives/seeded-random.js';
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
    const all = sendMany(calm);
    expect(all.filter(({ length }) => length !== 1)).toEqual([]);
    expect(Math.min(...all.flat())).toBeGreaterThanOrEqual(0.5);
    expect(Math.max(...all.flat())).toBeLessThan(0.6);
    expect(calm.counts).toEqual({
      ...{ sent: DRAWS, lost: 0, cut: 0, duplicated: 0, delayed: 0, delivered: DRAWS },
      ...{ overrun: 0, asleep: 0 },
    });
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

  it.each([
    [{ loss: 1 }, 0],
    [{ loss: 1, duplication: 1 }, 0],
    [{ duplication: 1 }, 2],
  ])('leaves nothing to chance under %j', (conditions, copies) => {
    expect(sendMany(network(conditions)).filter(({ length }) => length !== copies)).toEqual([]);
  });

  it('accounts for every copy, whatever becomes of it', () => {
    const rough = network({ loss: 0.2, duplication: 0.3, reordering: 0.1 });
    rough.cut(B, A);
    let arrived = sendMany(rough).flat().length;
    for (let datagram = 0; datagram < 100; datagram++) arrived += rough.delays(B, A, false).length;
    const { sent, cut, lost, duplicated, delivered } = rough.counts;
    expect({ sent, cut, delivered }).toEqual({ sent: DRAWS + 100, cut: 100, delivered: arrived });
    expect(lost + delivered).toBe(sent - cut + duplicated);
    expect(Math.min(lost, duplicated)).toBeGreaterThan(1000);
  });

  it('gives the same delays for the same seed', () => {
    const conditions = { loss: 0.1, duplication: 0.1, reordering: 0.1 };
    expect(sendMany(network(conditions))).toEqual(sendMany(network(conditions)));
  });

  it('behaves as its conditions are changed to, while it runs', () => {
    const changing = network();
    expect(changing.delays(A, B, false)).toHaveLength(1);
    changing.conditions = { ...changing.conditions, latencyMs: 40, jitterMs: 0 };
    expect(changing.delays(A, B, false)).toEqual([40]);
    changing.conditions = { ...changing.conditions, loss: 1 };
    expect(changing.delays(A, B, false)).toEqual([]);
  });

  it('has cuts that are not transitive', () => {
    const split = network();
    split.partition([A], [C]);
    const heard = [
      [A, B],
      [B, C],
      [C, B],
      [B, A],
      [A, C],
      [C, A],
    ] as const;
    expect(heard.map(([from, to]) => split.delays(from, to, false).length)).toEqual([1, 1, 1, 1, 0, 0]);
  });

  it('lets everyone hear everything again when it heals, but no group where there is none', () => {
    const split = network();
    split.partition([A], [B]);
    split.cutGroup(C);
    split.heal();
    expect([split.delays(A, B, false).length, split.delays(B, C, true).length]).toEqual([1, 1]);
    const without = network({ multicast: false });
    without.heal();
    expect(without.delays(A, B, true)).toEqual([]);
  });
});

describe('SimulatedNetwork, link by link', () => {
  it('loses on one directed link what it does not lose on others, until it heals', () => {
    const uneven = network({ loss: 0.1 });
    uneven.setLoss(A, B, 1);
    expect(sendMany(uneven).flat()).toEqual([]);
    expect(uneven.delays(B, A, false).length + uneven.delays(A, C, false).length).toBeGreaterThan(0);
    uneven.setLoss(A, B, undefined);
    const share = sendMany(uneven).flat().length / DRAWS;
    expect(Math.abs(share - 0.9)).toBeLessThan(0.01);
    uneven.setLoss(A, B, 1);
    uneven.heal();
    expect(sendMany(uneven).flat().length).toBeGreaterThan(DRAWS / 2);
  });

  it('loses in bursts, where conditions say so', () => {
    const gusty = network({ burst: { enter: 0.01, leave: 0.1, loss: 1 } });
    const lost = sendMany(gusty).filter(({ length }) => length === 0).length;
    expect(Math.abs(lost / DRAWS - 1 / 11)).toBeLessThan(0.02);
    expect([gusty.counts.lost, gusty.dropped]).toEqual([lost, lost]);
  });

  it('draws nothing for bursts that are not there: what came before keeps its trace', () => {
    const [plain, later] = [network({ loss: 0.1 }), network({ loss: 0.1 })];
    expect(sendMany(plain)).toEqual(sendMany(later));
    later.setLoss(B, C, 0.5);
    expect(sendMany(plain)).toEqual(sendMany(later));
  });

  it('tells what is cut', () => {
    const split = network();
    split.cut(A, B);
    split.cutGroup(C);
    expect([split.isCut(A, B, false), split.isCut(A, B, true), split.isCut(B, A, false)]).toEqual([true, true, false]);
    expect([split.isCut(A, C, false), split.isCut(A, C, true)]).toEqual([false, true]);
  });
});
