import { describe, expect, it } from '@jest/globals';

import { BucketSet, bucketOf } from '../../../../lib/primitives/bucket-set.js';
import { SeededRandom } from '../../../../lib/primitives/seeded-random.js';
import { randomNodeId } from '../../../../lib/simulation/simulated-config.js';
import { Ledger, ownWord } from '../../../../lib/simulation/proof/ledger.js';
import { forgedBatch, forgedClaims } from '../../../../lib/simulation/proof/forger.js';
import { encodeBuckets } from '../../../../lib/wire/resync-codec.js';

const random = new SeededRandom(1);
const [one, other] = [randomNodeId(random), randomNodeId(random)];

function buckets(sequence: number, ...keys: string[]): Buffer {
  const set = new BucketSet();
  for (const key of keys) set.add(bucketOf(key));
  const into = Buffer.alloc(1200);
  const trailer = { sequence, floor: 1, sentAtMs: 0, clusterTag: undefined };
  return into.subarray(0, encodeBuckets(into, { sender: one, buckets: set, trailer }));
}

describe('Ledger', () => {
  it('books each sequence once, with the time of the first publish in it', () => {
    const ledger = new Ledger();
    ledger.notePublished(one, 'forged', 5);
    ledger.notePublished(one, 'forged', 7);
    ledger.noteSent(one, forgedBatch(one, 1), 10);
    ledger.noteSent(one, forgedBatch(one, 1), 11);
    ledger.noteSent(one, forgedBatch(one, 2), 12);
    const booked = [...ledger.sentBy(one)].map(({ sequence, at, publishedAt }) => [sequence, at, publishedAt]);
    expect(booked).toEqual([
      [1, 10, 5],
      [2, 12, 12],
    ]);
    expect([...ledger.origins()]).toEqual([one]);
  });

  it('passes over what has no sequence, and what is not the origin’s own', () => {
    const ledger = new Ledger();
    for (const bytes of forgedClaims(one, other, 9)) ledger.noteSent(one, bytes, 1);
    ledger.noteSent(one, forgedBatch(other, 1), 1);
    expect([...ledger.sentBy(one)]).toEqual([]);
  });

  it('finds the first that tells of a key, by its name or its bucket', () => {
    const ledger = new Ledger();
    ledger.notePublished(one, 'a', 2);
    ledger.noteSent(one, forgedBatch(one, 1), 10);
    ledger.noteSent(one, buckets(2, 'a', 'b'), 20);
    expect(ledger.firstWith(one, 'forged', 0)?.sequence).toBe(1);
    expect(ledger.firstWith(one, 'forged', 11)).toBeUndefined();
    expect(ledger.firstWith(one, 'a', 0)).toMatchObject({ sequence: 2, publishedAt: 2, isLate: false });
    expect(ledger.firstWith(other, 'a', 0)).toBeUndefined();
    expect(ledger.lateWith(one, 'a')).toEqual([]);
  });
});

describe('ownWord', () => {
  it('is what a node says of itself, and not of others', () => {
    const words = forgedClaims(one, other, 9).map(ownWord);
    const hearsay = { sender: one, highest: 0 };
    expect(words.map((word) => word && { sender: word.sender, highest: word.highest })).toEqual([
      { sender: one, highest: 9 },
      hearsay,
      hearsay,
      { sender: one, highest: 9 },
      { sender: one, highest: 9 },
      undefined,
      undefined,
      { sender: one, highest: 9 },
    ]);
    expect(ownWord(forgedBatch(one, 1))).toBeUndefined();
  });
});
