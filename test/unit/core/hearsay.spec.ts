import { describe, expect, it } from '@jest/globals';

import type { NodeId } from '../../../lib/primitives/node-id.js';
import { limits } from '../../support/limits.js';
import { BenchPeer, NodeBench } from '../../support/node-bench.js';

const PEER = '10.0.0.2:7946';
const HEARTBEAT = 5000;
const SLOW = { heartbeatMs: 20_000 } as const;

/** A node and members that each have said something; they live for 100 s by themselves. */
function setUp(count: number): { bench: NodeBench; peers: BenchPeer[] } {
  const bench = NodeBench.ready({ multicast: false });
  const peers = Array.from({ length: count }, (_, index) => BenchPeer.met(bench, `10.1.0.${index + 1}:7946`, SLOW));
  for (const [index, peer] of peers.entries()) peer.say(peer.batch(['k'], index + 1));
  bench.advance(1000);
  bench.forget();
  return { bench, peers };
}

/** The regular heartbeats of so long, which go to all. */
function heartbeats(bench: NodeBench, ms: number): ReturnType<typeof NodeBench.prototype.of<'heartbeat'>> {
  bench.forget();
  bench.advance(ms);
  return bench.of('heartbeat');
}

function idsOf(list: readonly { readonly id: NodeId }[] | undefined): NodeId[] {
  return (list ?? []).map(({ id }) => id);
}

describe('Hearsay, told', () => {
  it('is how far each member has been heard, and nothing of those that have said nothing', () => {
    const { bench, peers } = setUp(2);
    const silent = BenchPeer.met(bench, PEER, SLOW);
    const [beat] = heartbeats(bench, HEARTBEAT).slice(-1);
    expect(beat?.packet.heard).toEqual(peers.map(({ sender }, index) => ({ id: sender, highest: index + 1 })));
    expect([silent.isPeer, beat?.packet.gone]).toEqual([true, undefined]);
  });

  it('is nothing where nobody has said anything', () => {
    const bench = NodeBench.ready();
    BenchPeer.met(bench, PEER);
    const beats = heartbeats(bench, HEARTBEAT);
    expect(beats.map(({ packet }) => [packet.heard, packet.gone])).toEqual(beats.map(() => [undefined, undefined]));
  });

  it('names 16 at a time in turns', () => {
    const { bench, peers } = setUp(40);
    const told = heartbeats(bench, 4 * HEARTBEAT).map(({ packet }) => idsOf(packet.heard));
    expect(told.every((ids) => ids.length === 16 && new Set(ids).size === 16)).toBe(true);
    expect(new Set(told.slice(0, 3).flat())).toEqual(new Set(peers.map(({ sender }) => sender)));
  });

  it('is of those gone since when they were last heard', () => {
    const { bench, peers } = setUp(3);
    const [left, dies, stays] = peers;
    left!.say(left!.leave(left!.given(), 1));
    // What it said at first, and then was silent for 100 s.
    for (let passed = 0; passed < 100_000; passed += 10_000) {
      stays!.say(stays!.ping(stays!.given(), bench.id));
      bench.advance(10_000);
    }
    const [beat] = heartbeats(bench, HEARTBEAT).slice(-1);
    const seconds = Math.floor((beat!.at - 3000) / 1000);
    expect(beat?.packet.gone).toEqual([
      { id: left!.sender, highest: 1, seconds: seconds - 1 },
      { id: dies!.sender, highest: 2, seconds },
    ]);
    expect(idsOf(beat?.packet.heard)).toEqual([stays!.sender]);
  });

  /** A node to which so many have said goodbye, a minute ago, and one that stays. */
  function afterLeaving(count: number): { bench: NodeBench; peers: BenchPeer[]; passed: (ms: number) => void } {
    const { bench, peers } = setUp(count);
    const stays = BenchPeer.met(bench, PEER, SLOW);
    for (const peer of peers) peer.say(peer.leave(peer.given(), count));
    const passed = (ms: number): void => {
      for (const end = bench.now + ms; bench.now < end;) {
        stays.say(stays.ping(stays.given(), bench.id));
        bench.advance(Math.min(60_000, end - bench.now));
      }
    };
    return { bench, peers, passed };
  }

  it('names 20 of more than four that have gone within a minute, in turns, and fewer of those that live', () => {
    const { bench, peers } = afterLeaving(50);
    const lives = Array.from({ length: 10 }, (_, index) => BenchPeer.met(bench, `10.2.0.${index + 1}:7946`, SLOW));
    for (const peer of lives) peer.say(peer.batch(['k'], 1));
    const beats = heartbeats(bench, 3 * HEARTBEAT).slice(-3);
    expect(beats.map(({ packet }) => [packet.gone?.length, packet.heard?.length])).toEqual(beats.map(() => [20, 2]));
    expect(new Set(beats.flatMap(({ packet }) => idsOf(packet.gone)))).toEqual(new Set(peers.map((one) => one.sender)));
    expect(Math.max(...beats.map(({ length }) => length))).toBeLessThanOrEqual(1200);
  });

  it('names nobody who went 18 hours ago', () => {
    const { bench, peers, passed } = afterLeaving(2);
    passed(18 * 3_600_000 - 2 * HEARTBEAT);
    expect(idsOf(heartbeats(bench, HEARTBEAT).at(-1)?.packet.gone)).toEqual(peers.map(({ sender }) => sender));
    passed(2 * HEARTBEAT);
    expect(heartbeats(bench, HEARTBEAT).at(-1)?.packet.gone).toBeUndefined();
  });

  it('names the last four that have gone always, and four of the others in turns', () => {
    const { bench, peers, passed } = afterLeaving(20);
    passed(60_000);
    const told = heartbeats(bench, 5 * HEARTBEAT).map(({ packet }) => idsOf(packet.gone));
    const last = peers.slice(-4).map(({ sender }) => sender);
    expect(told.every((ids) => ids.length === 8 && new Set(ids).size === 8)).toBe(true);
    expect(told.every((ids) => last.every((id) => ids.includes(id)))).toBe(true);
    expect(new Set(told.slice(0, 4).flat()).size).toBe(20);
  });
});

describe('Hearsay, taken', () => {
  /** A node, a member that tells, and one that the node never meets. */
  function scene(config: Parameters<typeof NodeBench.ready>[0] = {}) {
    const bench = NodeBench.ready({ multicast: false, ...config });
    const teller = BenchPeer.met(bench, PEER, SLOW);
    const unmet = new BenchPeer(bench, '10.9.9.9:7946');
    bench.advance(60_000);
    bench.forget();
    const hear = (highest: number): void =>
      teller.say(teller.heartbeat(undefined, { heard: [{ id: unmet.sender, highest }] }));
    const tellGone = (highest: number, seconds: number): void =>
      teller.say(teller.heartbeat(undefined, { gone: [{ id: unmet.sender, highest, seconds }] }));
    const repair = (sequence: number): void =>
      teller.say(teller.repair(teller.given(), unmet.batch([`${sequence}`], sequence)));
    /** What was asked of the teller about the unmet. */
    const asked = (): unknown[] =>
      bench.of('nack', PEER).flatMap(({ packet }) => (packet.about === unmet.sender ? [packet.ranges] : []));
    const resyncs = (): unknown[] => bench.eventsOf('resync').map(({ reason, buckets }) => [reason, buckets]);
    return { bench, teller, unmet, hear, tellGone, repair, asked, resyncs };
  }

  it('is nothing of itself', () => {
    const { bench, teller } = scene();
    const self = { id: bench.id, highest: 9, seconds: 1 };
    teller.say(teller.heartbeat(undefined, { heard: [self], gone: [self] }));
    bench.advance(20_000);
    expect([bench.of('nack'), bench.eventsOf('resync')]).toEqual([[], []]);
  });

  it('is followed of a node that is named for 3 heartbeats and not met', () => {
    const { bench, hear, repair, asked, resyncs } = scene();
    hear(1);
    bench.advance(3 * HEARTBEAT - 1);
    hear(2);
    bench.advance(1);
    expect(asked()).toEqual([]);
    hear(3);
    bench.advance(15);
    expect(asked()).toEqual([[{ from: 1, count: 3 }]]);
    for (const sequence of [1, 2, 3]) repair(sequence);
    bench.advance(5000);
    expect([bench.keys(), resyncs()]).toEqual([['1', '2', '3'], []]);
    expect(bench.eventsOf('keys')[0]?.origin).toMatchObject({ endpoint: '0.0.0.0:0', legacy: false });
    hear(4);
    bench.advance(15);
    expect(asked().at(-1)).toEqual([{ from: 4, count: 1 }]);
  });

  it('raises everything of it where that can not be had', () => {
    const { bench, hear, resyncs } = scene();
    hear(1);
    bench.advance(3 * HEARTBEAT);
    hear(1);
    bench.advance(3100);
    expect(resyncs()).toEqual([['join', 'all']]);
    hear(1);
    bench.advance(10_000);
    expect(resyncs()).toHaveLength(1);
  });

  it('raises everything of it at once where it has said more than a window holds', () => {
    const { bench, hear, resyncs } = scene();
    hear(5000);
    bench.advance(3 * HEARTBEAT);
    hear(5000);
    bench.advance(1);
    expect(resyncs()).toEqual([['join', 'all']]);
  });

  it('is followed of one that has gone, if that was heard after this node was ready', () => {
    const { bench, tellGone, repair, asked, resyncs } = scene();
    // It was ready at 1000 ms, and is at 63,000 now.
    tellGone(2, 62);
    bench.advance(15);
    expect(asked()).toEqual([]);
    tellGone(2, 50);
    bench.advance(15);
    expect(asked()).toEqual([[{ from: 1, count: 2 }]]);
    repair(2);
    bench.advance(3100);
    expect([bench.keys(), resyncs()]).toEqual([['2'], [['heal', 'all']]]);
  });

  it('does not matter before this node is ready', () => {
    const bench = new NodeBench({ hasSeeds: true, startTimeoutMs: 60_000, multicast: false });
    bench.input(() => bench.node.join(bench.now));
    const teller = BenchPeer.met(bench, PEER, SLOW);
    const entry = { id: new BenchPeer(bench, '10.9.9.9:7946').sender, highest: 1, seconds: 0 };
    teller.say(teller.heartbeat(undefined, { heard: [entry], gone: [entry] }));
    bench.advance(100);
    expect(bench.of('nack')).toEqual([]);
  });

  it('is not followed of one that may have gone at any time before', () => {
    const { bench, tellGone, asked } = scene();
    bench.advance(20 * 3_600_000);
    const teller = BenchPeer.met(bench, PEER, SLOW);
    bench.forget();
    teller.say(teller.heartbeat(undefined, { gone: [{ id: teller.sender, highest: 0, seconds: 1 }] }));
    tellGone(2, 0xffff);
    bench.advance(15);
    expect([asked(), bench.eventsOf('resync')]).toEqual([[], []]);
  });

  it('follows at one time no more nodes than twice as many as may be members, and forgets the oldest', () => {
    const { bench, teller, resyncs } = scene({ limits: limits({ peers: 2 }) });
    const strangers = Array.from({ length: 10 }, () => new BenchPeer(bench, '10.9.9.9:7946'));
    const tell = (): void => {
      for (const { sender: id } of strangers) {
        teller.say(teller.heartbeat(undefined, { gone: [{ id, highest: 1, seconds: 1 }] }));
      }
    };
    tell();
    expect(bench.dropped()['peers-limit']).toBe(7);
    bench.advance(3100);
    // Those three are given up, and there is room for three more.
    expect(resyncs()).toHaveLength(3);
    tell();
    expect(bench.dropped()['peers-limit']).toBe(7 + 4);
  });

  it('goes on by the node’s own word when it is met', () => {
    const { bench, unmet, tellGone, repair, resyncs } = scene();
    tellGone(3, 1);
    for (const sequence of [1, 2, 3]) repair(sequence);
    unmet.greet({ highest: 4 });
    unmet.confirm({ highest: 4 });
    bench.advance(15);
    expect(bench.of('nack', unmet.endpoint).map(({ packet }) => packet.ranges)).toEqual([[{ from: 4, count: 1 }]]);
    for (const sequence of [1, 3, 4, 5]) unmet.say(unmet.batch([`${sequence}`], sequence));
    bench.advance(5000);
    expect([bench.keys(), resyncs()]).toEqual([['1', '2', '3', '4', '5'], []]);
  });

  it('is forgotten when the node itself, once met, says otherwise', () => {
    const { bench, unmet, tellGone, resyncs } = scene();
    tellGone(50, 1);
    bench.advance(1);
    unmet.greet({ highest: 2 });
    unmet.confirm({ highest: 2 });
    expect(resyncs()).toEqual([['join', 'all']]);
    for (const sequence of [2, 3, 4]) unmet.say(unmet.batch([`${sequence}`], sequence));
    bench.advance(5000);
    expect([bench.keys(), resyncs().length]).toEqual([['3', '4'], 1]);
  });
});
