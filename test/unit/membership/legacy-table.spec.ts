import { describe, expect, it } from '@jest/globals';

import { LEGACY_TIMEOUT_MS, LegacyPeer, LegacyTable } from '../../../lib/membership/legacy-table.js';
import { NEVER } from '../../../lib/primitives/instant.js';
import { SeededRandom } from '../../../lib/primitives/seeded-random.js';
import { randomNodeId } from '../../../lib/simulation/simulated-config.js';

const random = new SeededRandom(1);
const ADDRESS = '10.0.0.1:7946';

/** What each copy of `[at, viaGroup, hash]` is taken for. */
function twins(...copies: readonly (readonly [number, boolean, number])[]): boolean[] {
  const peer = new LegacyPeer(randomNodeId(random), ADDRESS, 0);
  return copies.map(([at, viaGroup, hash]) => peer.isTwin(at, viaGroup, hash));
}

describe('LegacyPeer', () => {
  it('tells the copy that came by the other way', () => {
    expect(twins([0, true, 7], [2, false, 7])).toEqual([false, true]);
    expect(twins([0, false, 7], [2, true, 7])).toEqual([false, true]);
  });

  it('hears the same again by the same way', () => expect(twins([0, true, 7], [2, true, 7])).toEqual([false, false]));

  it('excuses one twin for each copy', () => {
    expect(twins([0, true, 7], [1, false, 7], [2, false, 7], [3, true, 7])).toEqual([false, true, false, true]);
    expect(twins([0, true, 7], [1, true, 7], [2, false, 7], [3, false, 7])).toEqual([false, false, true, true]);
  });

  it('takes other bytes for another datagram', () => {
    expect(twins([0, true, 7], [1, false, 8], [2, true, 8], [3, false, 7])).toEqual([false, false, true, true]);
  });

  it.each([
    [20, true],
    [20.1, false],
  ])('takes a copy %s ms later for a twin: %s', (later, expected) => {
    expect(twins([0, true, 7], [later, false, 7])).toEqual([false, expected]);
  });

  it('hears as many as were sent, in whatever order both copies of each arrive (seed 8)', () => {
    const chance = new SeededRandom(8);
    for (let round = 0; round < 500; round++) {
      const sent = Array.from({ length: 1 + (chance.u32() % 20) }, () => chance.u32() % 4);
      const copies = sent.flatMap((hash) => [true, false].map((viaGroup) => ({ viaGroup, hash, turn: chance.u32() })));
      copies.sort((one, other) => one.turn - other.turn);
      const told = twins(...copies.map(({ viaGroup, hash }, index) => [index / 10, viaGroup, hash] as const));
      expect({ round, heard: told.filter((isTwin) => !isTwin).length }).toEqual({ round, heard: sent.length });
    }
  });

  it('keeps 64 copies at most', () => {
    const many = Array.from({ length: 65 }, (_, hash) => [0, true, hash] as const);
    expect(twins(...many, [1, false, 1], [1, false, 0]).slice(-2)).toEqual([true, false]);
  });
});

describe('LegacyTable', () => {
  it('takes as many as it has room for', () => {
    const table = new LegacyTable(2);
    const [first, second, third] = [randomNodeId(random), randomNodeId(random), randomNodeId(random)] as const;
    expect(table.add(first, ADDRESS, 0)).toBeDefined();
    expect(table.add(second, ADDRESS, 0)).toBeDefined();
    expect(table.add(third, ADDRESS, 0)).toBeUndefined();
    table.remove(first);
    expect(table.add(third, ADDRESS, 0)?.id).toBe(third);
    expect([table.get(first), table.get(third)?.endpoint, table.size]).toEqual([undefined, ADDRESS, 2]);
  });

  it('says when the one that is silent for longest may be forgotten', () => {
    const table = new LegacyTable(10);
    expect(table.deadline()).toBe(NEVER);
    table.add(randomNodeId(random), ADDRESS, 500);
    const later = table.add(randomNodeId(random), ADDRESS, 100)!;
    expect(table.deadline()).toBe(100 + LEGACY_TIMEOUT_MS);
    later.lastHeardAt = 900;
    expect(table.deadline()).toBe(500 + LEGACY_TIMEOUT_MS);
  });
});
