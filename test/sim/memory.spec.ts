import { describe, expect, it } from '@jest/globals';

import { bytesInUse } from '../support/bytes-in-use.js';
import { BenchPeer, NodeBench } from '../support/node-bench.js';
import { SECOND } from '../support/sim-mesh.js';

const MEBIBYTE = 1024 * 1024;
/** For all that one node keeps to repair, to be repaired, and to know its peers. */
const BOUND = 16 * MEBIBYTE;
const PEERS = 1000;
const GONE = 1000;
/** More than four MiB of them. */
const OWN_DATAGRAMS = 6000;
/** Of which every second one was lost. */
const HEARD_OF_EACH = 24;

function meet(bench: NodeBench, count: number, net: number): BenchPeer[] {
  return Array.from({ length: count }, (_, index) => {
    const peer = BenchPeer.met(bench, `10.${net}.${index >> 8}.${index & 255}:7946`, { hearsGroup: true });
    bench.forget();
    return peer;
  });
}

/** They say something, and go. */
function takeLeave(bench: NodeBench, peers: readonly BenchPeer[]): void {
  speak(bench, peers, 1, 1);
  for (const peer of peers) peer.say(peer.leave(peer.given(), 1));
  bench.forget();
}

/** Each says so much, and of that only every `stride`-th datagram is heard. */
function speak(bench: NodeBench, peers: readonly BenchPeer[], rounds: number, stride: number): void {
  for (let round = 0; round < rounds; round++) {
    for (const peer of peers) peer.say(peer.batch([`${'k'.repeat(300)}${round}`], 1 + round * stride), true);
    bench.forget();
  }
}

/** Fills the ring of own datagrams. */
function publishMuch(bench: NodeBench): void {
  for (let round = 0; round < OWN_DATAGRAMS; round++) {
    bench.publish(`${'own'.repeat(250)}${round}`);
    // Nobody here reports what it has read, and so is soon not waited for any more.
    bench.advance(round === 0 ? SECOND / 2 : 1);
    bench.forget();
  }
  bench.advance(SECOND / 2);
  bench.forget();
}

interface Loaded {
  readonly bench: NodeBench;
  /** They know their nonces, which is a part of what is measured, if a small one. */
  readonly peers: readonly BenchPeer[];
}

function load(): Loaded {
  const bench = NodeBench.ready();
  const peers = meet(bench, PEERS, 1);
  takeLeave(bench, meet(bench, GONE, 2));
  publishMuch(bench);
  speak(bench, peers, HEARD_OF_EACH, 2);
  return { bench, peers };
}

describe('the memory of one node', () => {
  it('stays within 16 MiB with 1000 peers, full rings, gaps in every stream and 1000 remembered', () => {
    // What the engine compiles on the way is not the node's.
    load();
    const before = bytesInUse();
    const loaded = load();
    const used = bytesInUse() - before;
    const { members, pendingKeys, counters } = loaded.bench.node.stats();
    expect({ members, pendingKeys }).toEqual({ members: PEERS, pendingKeys: 0 });
    expect([counters.left, counters.gaps]).toEqual([GONE, PEERS * (HEARD_OF_EACH - 1)]);
    expect(counters.bytesSent).toBeGreaterThan(4 * MEBIBYTE);
    // Less would mean that the rings were not full, and nothing was measured.
    expect(used).toBeGreaterThan(8 * MEBIBYTE);
    expect(used).toBeLessThanOrEqual(BOUND);
  });
});
