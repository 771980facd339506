import { describe, expect, it } from '@jest/globals';
import { happeningsBetween, sight } from '../../../sample/01-invalidation/src/live/sighting.js';
import { look, sighting } from './support/sightings.js';

describe('sight', () => {
  const before = sighting({ price: 5 }, { truth: 5, at: 1000 });

  it.each([
    ['what the store has', { price: 7 }, [7, 7]],
    ['what the store had right before', { price: 6 }, [6, 7]],
    ['what was written during the look', { price: 7 }, [6, 7]],
    ['what the store had at the look before', { price: 5 }, [7, 7]],
    ['what was read between two of many writes', { price: 6, ageMs: 40 }, [7, 7]],
  ] as const)('takes %s for fresh', (_, parts, truths) => {
    expect(sight(before, look({ ageMs: 5000, ...parts }), truths, 1250)).toMatchObject({
      truth: 7,
      staleSince: undefined,
    });
  });

  it('takes for stale what the store had earlier, from the first look that found it so', () => {
    const first = sight(before, look({ price: 4, ageMs: 250 }), [7, 7], 1250);
    const second = sight(first, look({ price: 4, ageMs: 250 }), [7, 7], 1500);
    expect([first.staleSince, second.staleSince]).toEqual([1250, 1250]);
    expect(sight(second, look({ price: 7 }), [7, 7], 1750).staleSince).toBeUndefined();
  });
});

describe('happeningsBetween', () => {
  const resync = { all: true, evicted: 1, at: '30' } as const;

  it('tells nothing when nothing has happened', () => {
    const older = { latestResyncs: [{ ...resync, reason: 'heal' }], repaired: 4, resyncs: 1 } as const;
    expect(happeningsBetween('C', sighting(older), sighting({ ...older, dropped: 9, ageMs: 250 }))).toEqual([]);
  });

  it.each([
    ['repairs', { repaired: 3 }, ['C: 2 lost datagrams repaired']],
    ['one repair', { repaired: 2 }, ['C: 1 lost datagram repaired']],
    ['peers that go', { peers: 1 }, ['C has 1 peer']],
    ['another status', { status: 'isolated' }, ['C is isolated']],
    ['a resync of all', { latestResyncs: [{ ...resync, reason: 'heal' }] }, ['C: resync heal, everything: 1 evicted']],
    [
      'a resync of some buckets',
      { latestResyncs: [{ reason: 'gap', all: false, evicted: 0, at: '30' }] },
      ['C: resync gap, some keys: none evicted'],
    ],
  ] as const)('tells of %s', (_, change, lines) => {
    expect(happeningsBetween('C', sighting({ repaired: 1 }), sighting({ repaired: 1, ...change }))).toEqual(lines);
  });

  it('tells when a copy goes stale, and for how long it was', () => {
    const fresh = sighting({ price: 246 });
    const stale = sighting({ price: 246 }, { truth: 266, staleSince: 2000, at: 2000 });
    const again = sighting({ price: 266 }, { truth: 266, at: 6230 });
    expect(happeningsBetween('C', fresh, stale)).toEqual(['C is STALE: it holds 246, the store has 266']);
    expect(happeningsBetween('C', stale, stale)).toEqual([]);
    expect(happeningsBetween('C', stale, again)).toEqual(['C is fresh again after 4.2 s: it holds 266']);
  });

  it('begins at zero for a node that is new', () => {
    const before = sighting({ repaired: 9, latestResyncs: [{ ...resync, reason: 'heal' }] });
    const after = sighting({ nodeId: 'two', repaired: 1, latestResyncs: [{ ...resync, at: '20', reason: 'join' }] });
    expect(happeningsBetween('C', before, after)).toEqual([
      'C is up again, as a new node with an empty cache',
      'C has 2 peers',
      'C: 1 lost datagram repaired',
      'C: resync join, everything: 1 evicted',
    ]);
  });
});
