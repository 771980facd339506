import { describe, expect, it } from '@jest/globals';

import type { NodeId } from '../../../lib/primitives/node-id.js';
import { InboundStream } from '../../../lib/reliability/inbound-stream.js';
import { WINDOW_SIZE } from '../../../lib/reliability/receive-window.js';
import { randomNodeId } from '../../../lib/simulation/simulated-config.js';
import { SeededRandom } from '../../../lib/primitives/seeded-random.js';

const random = new SeededRandom(1);
const ORIGIN = randomNodeId(random);
const WITNESS = randomNodeId(random);

function streamOf(...sequences: readonly number[]): InboundStream {
  const stream = new InboundStream(ORIGIN, 0);
  for (const sequence of sequences) stream.see(sequence);
  return stream;
}

/** Notes gaps at 0 ms among few nodes. */
function note(stream: InboundStream): number {
  return stream.noteGaps(0, random, 3);
}

/** What is asked for at the latest. */
function asked(stream: InboundStream, now = 15): (readonly [number, number])[] {
  return (stream.dueAsk(now, random)?.ranges ?? []).map(({ from, to }) => [from, to]);
}

function claim(stream: InboundStream, highest: number, claimant: NodeId = WITNESS): string {
  return stream.claim(0, highest, claimant);
}

describe('InboundStream', () => {
  it('notes each gap once, to be asked for 5 to 15 ms later', () => {
    const stream = streamOf(1, 4, 6);
    expect([note(stream), note(stream)]).toEqual([3, 0]);
    expect(stream.gaps.deadline()).toBeGreaterThanOrEqual(5);
    expect(asked(stream, 4.9)).toEqual([]);
    expect(asked(stream)).toEqual([
      [2, 3],
      [5, 5],
    ]);
    stream.see(9);
    expect(note(stream)).toBe(2);
  });

  it('notes nothing of what comes in order', () => {
    const stream = streamOf(1, 2, 3);
    expect([note(stream), stream.whole, stream.gaps.size]).toEqual([0, true, 0]);
  });

  it('takes a claim within reach for a gap, and is not moved by it', () => {
    const stream = streamOf(1);
    expect([claim(stream, 1), claim(stream, 1 + WINDOW_SIZE), claim(stream, 500)]).toEqual(['known', 'gap', 'known']);
    expect([stream.window.top, stream.known, stream.whole]).toEqual([1, 1 + WINDOW_SIZE, false]);
    expect([stream.claimant, note(stream)]).toEqual([WITNESS, WINDOW_SIZE]);
    const again = streamOf(1);
    claim(again, 5);
    expect([note(again), claim(again, 7), note(again)]).toEqual([4, 'gap', 2]);
  });

  it('takes a claim beyond reach for nothing but a doubt, since the first one', () => {
    const stream = streamOf(1);
    expect([stream.claim(10, 2 ** 40, WITNESS), stream.claim(20, 2000, ORIGIN)]).toEqual(['far', 'far']);
    expect([stream.farClaim, stream.claimant]).toEqual([{ highest: 2 ** 40, since: 10 }, ORIGIN]);
    expect([stream.window.top, stream.known, stream.whole, note(stream)]).toEqual([1, 1, false, 0]);
    expect([stream.see(2), stream.window.top]).toEqual(['new', 2]);
  });

  it('believes its origin, and doubts no more what that covers', () => {
    const stream = streamOf(1);
    claim(stream, 5000);
    stream.confirm(4999);
    expect([stream.window.top, stream.farClaim?.highest]).toEqual([4999, 5000]);
    stream.confirm(5000);
    expect([stream.window.top, stream.farClaim]).toEqual([5000, undefined]);
    expect(note(stream)).toBe(WINDOW_SIZE);
    expect(stream.window.lost).toEqual({ from: 2, to: 5000 - WINDOW_SIZE });
  });

  it('is whole when all gaps are filled', () => {
    const stream = streamOf(1, 3);
    note(stream);
    stream.see(2);
    stream.dropFilled();
    expect([stream.whole, stream.gaps.size, asked(stream)]).toEqual([true, 0, []]);
  });

  it('counts all up to there as lost, and asks for nothing of it', () => {
    const stream = streamOf(2);
    stream.skip(100);
    expect([stream.window.lost, stream.window.top, note(stream)]).toEqual([{ from: 1, to: 100 }, 100, 0]);
    stream.see(102);
    expect([note(stream), asked(stream)]).toEqual([1, [[101, 101]]]);
  });
});

describe('InboundStream.settle', () => {
  it('ends nothing by an answer to another question', () => {
    const stream = streamOf(1, 10);
    stream.ask(7);
    expect([stream.settle(8, 1), stream.window.top]).toEqual([0, 10]);
    expect([stream.settle(7, 1), stream.window.top]).toEqual([9, 1]);
    stream.see(10);
    expect([stream.settle(7, 1), stream.window.top]).toEqual([0, 10]);
  });

  it('takes the answers to the last four questions, and none to one before another that was answered', () => {
    const stream = streamOf(1, 10);
    for (const token of [1, 2, 3, 4, 5]) stream.ask(token);
    expect([1, 3, 2, 5].map((token) => stream.settle(token, 1))).toEqual([0, 9, 0, 9]);
  });

  it('leaves what was claimed from afar since', () => {
    const stream = streamOf(1, 2);
    stream.ask(7);
    claim(stream, 5000);
    stream.settle(7, 2);
    expect(stream.farClaim?.highest).toBe(5000);
    stream.ask(8);
    stream.settle(8, 2);
    expect(stream.farClaim).toBeUndefined();
  });

  it('denies what was claimed before the question, from near and from afar', () => {
    const stream = streamOf(1, 2);
    claim(stream, 50);
    note(stream);
    claim(stream, 2 ** 47);
    stream.ask(7);
    expect(stream.settle(7, 2)).toBe(0);
    expect([stream.known, stream.farClaim, stream.whole]).toEqual([2, undefined, true]);
    stream.dropFilled();
    expect(stream.gaps.size).toBe(0);
    expect([claim(stream, 50), note(stream)]).toEqual(['gap', 48]);
  });

  it('leaves what was claimed since', () => {
    const stream = streamOf(1);
    stream.ask(7);
    claim(stream, 5);
    expect(note(stream)).toBe(4);
    stream.settle(7, 1);
    expect([stream.known, note(stream), stream.gaps.size]).toEqual([5, 0, 1]);
  });

  it('asks for a true datagram that a forged one stood in the place of', () => {
    const stream = streamOf(1, 2);
    note(stream);
    stream.ask(7);
    // The third, doubled, and two that overtake the answer.
    for (const sequence of [2, 3, 4]) stream.see(sequence);
    expect(note(stream)).toBe(0);
    expect(stream.settle(7, 1)).toBe(1);
    expect(stream.window.missing(1, 4)).toEqual([{ from: 2, to: 2 }]);
    expect([note(stream), asked(stream)]).toEqual([1, [[2, 2]]]);
  });
});

describe('InboundStream.closeAll', () => {
  it('misses nothing any more, as far as anybody knows, and takes what comes all the same', () => {
    const stream = streamOf(1, 3);
    claim(stream, 500);
    note(stream);
    stream.request = { id: 1, from: 2, since: 0, nextAt: 0 };
    stream.closeAll();
    expect([stream.whole, stream.gaps.size, stream.request, claim(stream, 500)]).toEqual([true, 0, undefined, 'known']);
    expect([2, 4, 500].map((sequence) => stream.see(sequence))).toEqual(['late', 'late', 'late']);
    expect([stream.see(501), note(stream)]).toEqual(['new', 0]);
    expect([stream.see(503), note(stream)]).toEqual(['new', 1]);
  });

  it('has made up for a claim from afar, and not for a further one, nor for one within reach', () => {
    const stream = streamOf(1);
    claim(stream, 5000);
    stream.closeAll();
    expect([stream.whole, stream.window.top]).toEqual([true, 1]);
    expect([claim(stream, 5000), claim(stream, 4000), claim(stream, 100)]).toEqual(['covered', 'covered', 'gap']);
    expect([stream.farClaim, claim(stream, 5001)]).toEqual([undefined, 'far']);
  });

  it('has made up for no other claim by one that was a lie', () => {
    const stream = streamOf(1);
    claim(stream, 2 ** 47);
    stream.closeAll();
    expect([claim(stream, 5000), stream.farClaim?.highest]).toEqual(['far', 5000]);
  });
});

describe('InboundStream.close', () => {
  it('forgets the gaps that it covers, and keeps the others', () => {
    const stream = streamOf(1, 4, 8, 12);
    note(stream);
    stream.close(2, 7);
    expect([stream.gaps.size, asked(stream)]).toEqual([1, [[9, 11]]]);
    expect(note(stream)).toBe(0);
  });
});

describe('InboundStream.forgive', () => {
  it('moves all that waits by the time that this process stood still', () => {
    const stream = streamOf(3);
    note(stream);
    claim(stream, 5000);
    stream.request = { id: 1, from: 1, since: 10, nextAt: 20 };
    stream.forgive(1000);
    expect([stream.request.since, stream.farClaim?.since]).toEqual([1010, 1000]);
    expect([stream.gaps.isOverdue(3999), stream.gaps.isOverdue(4000)]).toEqual([false, true]);
  });
});
