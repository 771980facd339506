import { describe, expect, it } from '@jest/globals';

import { BenchPeer, NodeBench } from '../../support/node-bench.js';

const PEER = '10.0.0.2:7946';
const HEARTBEAT = 5000;

interface Scene {
  readonly bench: NodeBench;
  readonly victim: BenchPeer;
  readonly witnesses: readonly BenchPeer[];
  /** Keeps the witnesses alive for so long, but for those. */
  readonly live: (ms: number, ...but: readonly BenchPeer[]) => void;
}

/** A node, one that has just died after its second datagram, and others that live. The node has met the first datagram. */
function afterDeath(witnessCount: number): Scene {
  const bench = NodeBench.ready();
  const victim = BenchPeer.met(bench, PEER);
  const witnesses = Array.from({ length: witnessCount }, (_, index) =>
    BenchPeer.met(bench, `10.1.0.${index + 1}:7946`),
  );
  const live: Scene['live'] = (ms, ...but) => {
    for (let passed = 0; passed < ms; passed += 500) {
      for (const one of witnesses) if (!but.includes(one)) one.say(one.ping(one.given(), bench.id));
      bench.advance(Math.min(500, ms - passed));
    }
  };
  victim.say(victim.batch(['first'], 1));
  live(5 * HEARTBEAT - 1);
  bench.forget();
  bench.advance(1);
  if (victim.isPeer) throw new Error('it still lives');
  return { bench, victim, witnesses, live };
}

/** Who was asked what it knows of the dead. */
function asked(bench: NodeBench): string[] {
  return bench.of('nack').flatMap(({ to, packet }) => (packet.ranges.length === 0 ? to : []));
}

/** A witness says how far it has heard the dead; `undefined`: it never has. */
function answer(witness: BenchPeer | undefined, about: BenchPeer, highest: number | undefined): void {
  const said = highest === undefined ? { highest: 0, floor: 0 } : { highest, floor: 1 };
  witness!.say(witness!.beacon(witness!.given(), about.sender, said));
}

function resyncs(bench: NodeBench): unknown[] {
  return bench.eventsOf('resync').map(({ reason, origin, buckets }) => [reason, origin, buckets]);
}

describe('LastWords', () => {
  it('asks all who live, within 10 ms, and again each 250 ms those who have not answered', () => {
    const { bench, victim, witnesses } = afterDeath(3);
    const all = witnesses.map(({ endpoint }) => endpoint);
    bench.advance(10);
    expect(asked(bench)).toEqual(all);
    answer(witnesses[1], victim, 1);
    bench.advance(250);
    expect(asked(bench).slice(3)).toEqual([all[0], all[2]]);
    expect(bench.of('nack')[0]?.packet).toMatchObject({ about: victim.sender, nonce: witnesses[0]!.nonce });
  });

  it('is content when all have answered and none knows more than it', () => {
    const { bench, victim, witnesses, live } = afterDeath(3);
    bench.advance(10);
    answer(witnesses[0], victim, 1);
    answer(witnesses[1], victim, undefined);
    answer(witnesses[2], victim, 0);
    bench.forget();
    live(60_000);
    expect([asked(bench), resyncs(bench)]).toEqual([[], []]);
  });

  it('asks the witness for what it knows and this node has missed', () => {
    const { bench, victim, witnesses, live } = afterDeath(3);
    bench.advance(10);
    answer(witnesses[0], victim, 1);
    answer(witnesses[1], victim, 3);
    answer(witnesses[2], victim, 1);
    bench.forget();
    bench.advance(15);
    expect(bench.of('nack').map(({ to, packet }) => [to, packet.ranges])).toEqual([
      [[witnesses[1]!.endpoint], [{ from: 2, count: 2 }]],
    ]);
    for (const sequence of [2, 3]) {
      const repair = witnesses[1]!.repair(witnesses[1]!.given(), victim.batch([`${sequence}`], sequence));
      witnesses[1]!.say(repair);
    }
    live(60_000);
    expect([bench.keys(), resyncs(bench)]).toEqual([['2', '3'], []]);
    expect(bench.eventsOf('keys')[0]?.origin).toMatchObject({ id: victim.sender, state: 'dead' });
  });

  it('takes everything for missed when what a witness knows can not be had', () => {
    const { bench, victim, witnesses, live } = afterDeath(2);
    bench.advance(10);
    answer(witnesses[0], victim, 3);
    answer(witnesses[1], victim, undefined);
    live(2900);
    expect(resyncs(bench)).toEqual([]);
    live(200);
    expect(resyncs(bench)).toEqual([['peer-lost', victim.sender, 'all']]);
  });

  it('takes everything for missed when nobody has ever heard of the dead', () => {
    const { bench, victim, witnesses } = afterDeath(2);
    bench.advance(10);
    answer(witnesses[0], victim, undefined);
    expect(resyncs(bench)).toEqual([]);
    answer(witnesses[1], victim, undefined);
    expect(resyncs(bench)).toEqual([['peer-lost', victim.sender, 'all']]);
  });

  it('takes everything for missed when a witness lives for 5 heartbeats and does not answer', () => {
    const { bench, victim, witnesses, live } = afterDeath(2);
    bench.advance(10);
    answer(witnesses[0], victim, 1);
    live(5 * HEARTBEAT - 100);
    expect(resyncs(bench)).toEqual([]);
    live(100);
    expect(resyncs(bench)).toEqual([['peer-lost', victim.sender, 'all']]);
    bench.forget();
    live(20_000);
    expect([asked(bench), resyncs(bench)]).toEqual([[], []]);
  });

  it('does not wait for a witness that goes', () => {
    const { bench, victim, witnesses, live } = afterDeath(3);
    bench.advance(10);
    answer(witnesses[0], victim, 1);
    witnesses[1]!.say(witnesses[1]!.leave(witnesses[1]!.given()));
    // The last one dies before its time is up.
    live(5 * HEARTBEAT - 100, witnesses[1]!, witnesses[2]!);
    expect(witnesses[2]!.isPeer).toBe(false);
    bench.forget();
    live(20_000, witnesses[1]!, witnesses[2]!);
    const ofVictim = bench.of('nack').filter(({ packet }) => packet.about === victim.sender);
    expect([ofVictim, resyncs(bench)]).toEqual([[], []]);
  });

  it('asks no newcomer, which answers for no one', () => {
    const { bench, victim, witnesses, live } = afterDeath(1);
    const newcomer = BenchPeer.met(bench, '10.0.0.9:7946');
    bench.advance(10);
    answer(newcomer, victim, undefined);
    answer(witnesses[0], victim, undefined);
    live(1000);
    expect(asked(bench)).toEqual([witnesses[0]!.endpoint]);
    expect(resyncs(bench)).toEqual([['peer-lost', victim.sender, 'all']]);
  });

  it.each([
    { list: 'heard', questions: 4 },
    { list: 'gone', questions: 0 },
  ])('takes a heartbeat for an answer that names the dead as gone, and not as heard: $list', ({ list, questions }) => {
    const { bench, victim, witnesses } = afterDeath(1);
    const entry = { id: victim.sender, highest: 1, seconds: 25 };
    witnesses[0]!.say(witnesses[0]!.heartbeat(undefined, { [list]: [entry] }));
    bench.advance(1000);
    expect([asked(bench).length, resyncs(bench)]).toEqual([questions, []]);
  });

  it('asks 64 questions in 250 ms where many have died, and all that it has to ask', () => {
    const bench = NodeBench.ready({ multicast: false });
    const peers = Array.from({ length: 30 }, (_, index) => BenchPeer.met(bench, `10.1.0.${index + 1}:7946`));
    const [dying, witnesses] = [peers.slice(0, 15), peers.slice(15)];
    for (const one of dying) one.say(one.batch(['k'], 1));
    for (let passed = 0; passed < 5 * HEARTBEAT - 2; passed += 500) {
      for (const one of witnesses) one.say(one.ping(one.given(), bench.id));
      bench.advance(Math.min(500, 5 * HEARTBEAT - 2 - passed));
    }
    bench.forget();
    bench.advance(250);
    const first = asked(bench).length;
    expect(first).toBe(64);
    bench.advance(750);
    const questions = bench.of('nack').map(({ to, packet }) => `${to.join()} ${packet.about}`);
    // 225 witnesses' answers are awaited: 64 are asked for each time, nobody twice before all have been asked.
    expect([questions.length, new Set(questions).size]).toEqual([256, 225]);
  });

  it.each([
    { count: 16, afterMs: 0 },
    { count: 17, afterMs: 2 * HEARTBEAT },
  ])('waits $afterMs ms for the heartbeats of $count before it asks', ({ count, afterMs }) => {
    const { bench, live } = afterDeath(count);
    live(afterMs - 0.01);
    expect(asked(bench)).toEqual([]);
    live(10.02);
    expect(asked(bench)).toHaveLength(count);
  });

  it('is over when the dead comes back and speaks for itself', () => {
    const { bench, victim, live } = afterDeath(2);
    bench.advance(10);
    const back = new BenchPeer(bench, PEER, victim.sender);
    back.greet();
    back.confirm({ highest: 2 });
    bench.forget();
    bench.advance(20);
    expect(asked(bench)).toEqual([]);
    expect(bench.of('nack', PEER).map(({ packet }) => packet.ranges)).toEqual([[{ from: 2, count: 1 }]]);
    back.say(back.repair(back.given(), back.batch(['second'], 2)));
    for (let passed = 0; passed < 6 * HEARTBEAT; passed += 1000) {
      back.say(back.ping(back.given(), bench.id));
      live(1000);
    }
    expect([bench.keys(), asked(bench), resyncs(bench)]).toEqual([['second'], [], []]);
  });

  it('asks nobody after a goodbye', () => {
    const bench = NodeBench.ready();
    const [peer, witness] = [BenchPeer.met(bench, PEER), BenchPeer.met(bench, '10.0.0.3:7946')];
    peer.say(peer.batch(['a'], 1));
    bench.forget();
    peer.say(peer.leave(peer.given(), 1));
    bench.advance(1000);
    expect([witness.isPeer, asked(bench), resyncs(bench)]).toEqual([true, [], []]);
  });

  it('says nothing where everyone has fallen silent: the status does', () => {
    const { bench, live } = afterDeath(0);
    live(60_000);
    expect([asked(bench), resyncs(bench)]).toEqual([[], []]);
    expect(bench.node.peers()).toEqual([]);
  });

  it('is over when everyone falls silent, as all counts as missed when that ends', () => {
    const { bench, witnesses, live } = afterDeath(1);
    bench.advance(21_000);
    expect(bench.eventsOf('status').map(({ status }) => status)).toEqual(['isolated']);
    bench.forget();
    live(30_000);
    expect([witnesses[0]!.isPeer, asked(bench), resyncs(bench)]).toEqual([true, [], []]);
  });

  it('does not count against the witnesses that this process stood still', () => {
    const { bench, victim, live } = afterDeath(1);
    bench.advance(10);
    bench.now += 20_000;
    bench.input(() => bench.node.handleTimeout(bench.now));
    live(5 * HEARTBEAT - 1000);
    expect(resyncs(bench)).toEqual([]);
    live(1000);
    expect(resyncs(bench)).toEqual([['peer-lost', victim.sender, 'all']]);
  });
});
