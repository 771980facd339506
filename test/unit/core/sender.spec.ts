import { describe, expect, it } from '@jest/globals';

import { limits } from '../../support/limits.js';
import { bare, BenchPeer, NodeBench } from '../../support/node-bench.js';

const PEER = '10.0.0.2:7946';
const LIMITS = limits({ pendingKeys: 50, sendsInFlight: 4 });

function longKeys(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${'x'.repeat(1000)}${index}`);
}

describe('Sender', () => {
  it('gives the sequences 1, 2, 3 in the order of sending, and tells from which on it can repeat them', () => {
    const bench = NodeBench.ready();
    for (const key of ['a', 'b', 'c']) {
      bench.publish(key);
      bench.advance(1);
    }
    const sequences = bench.of('batch').map(({ packet }) => packet.trailer?.sequence);
    expect(sequences).toEqual([1, 2, 3]);
    expect(bench.of('batch')[2]?.packet.trailer).toMatchObject({ floor: 1 });
  });

  it('hands the kernel no more than it may have at once, and goes on as it takes them', () => {
    const bench = NodeBench.ready({ limits: LIMITS });
    bench.kernel = 'silent';
    bench.publish(...longKeys(10));
    bench.advance(0);
    expect(bench.of('batch')).toHaveLength(4);
    bench.confirm();
    expect(bench.of('batch')).toHaveLength(5);
    while (bench.confirm()) continue;
    expect(bench.of('batch')).toHaveLength(10);
  });

  it('lets frames pass while events wait for the kernel', () => {
    const bench = NodeBench.ready({ limits: LIMITS });
    bench.kernel = 'silent';
    bench.publish(...longKeys(10));
    bench.advance(0);
    new BenchPeer(bench, PEER).greet();
    expect(bench.of('hello-ack', PEER)).toHaveLength(1);
  });

  it('takes all of a publication with data, or nothing, and counts what it took', () => {
    const bench = new NodeBench({ limits: LIMITS });
    const most = Array.from({ length: 49 }, (_, index) => `k${index}`);
    expect(bench.publish(...most)).toBeDefined();
    expect(bench.publish('k0', 'k1', 'new')).toBeDefined();
    const withData = { ...bare('one too many'), data: Buffer.from('1') };
    expect(bench.input(() => bench.node.publish(bench.now, [bare('k0'), withData]))).toBeUndefined();
    expect(bench.node.stats()).toMatchObject({ pendingKeys: 50, counters: { published: 52, merged: 2 } });
  });

  it('counts datagrams and bytes for each destination, and refusals', () => {
    const bench = NodeBench.ready();
    BenchPeer.met(bench, PEER);
    bench.advance(100);
    bench.forget();
    const before = bench.node.stats().counters;
    bench.kernel = 'silent';
    bench.publish('a');
    bench.advance(0);
    const [batch] = bench.of('batch');
    expect([batch?.toGroup, batch?.to]).toEqual([true, [PEER]]);
    bench.confirm(true);
    const { counters } = bench.node.stats();
    expect(bench.sent).toEqual([batch]);
    expect(counters.datagramsSent - before.datagramsSent).toBe(2);
    expect(counters.bytesSent - before.bytesSent).toBe(2 * batch!.length);
    expect(counters.sendFailures).toBe(1);
    expect(bench.eventsOf('flushed')).toHaveLength(1);
  });

  it('tells of a flush also when nobody is there to send to', () => {
    const bench = NodeBench.ready({ multicast: false });
    const publication = bench.publish('a', 'b');
    bench.advance(0);
    expect(bench.of('batch')).toEqual([]);
    expect(bench.eventsOf('flushed').at(-1)?.ticket).toBeGreaterThanOrEqual(publication!.ticket);
    expect(bench.node.stats().pendingKeys).toBe(0);
  });

  it('sends by itself to those who do not hear the group, and to all where there is none', () => {
    const bench = NodeBench.ready({ multicast: false });
    BenchPeer.met(bench, PEER);
    BenchPeer.met(bench, '10.0.0.3:7946');
    bench.publish('a');
    bench.advance(0);
    expect(bench.of('batch').map(({ toGroup, to }) => [toGroup, to])).toEqual([[false, [PEER, '10.0.0.3:7946']]]);
  });

  it('says in which cluster it is, unless in the default one', () => {
    for (const [cluster, tagged] of [
      ['default', false],
      ['shop', true],
    ] as const) {
      const bench = NodeBench.ready({ cluster });
      bench.publish('a');
      bench.advance(0);
      expect(bench.of('batch')[0]?.packet.trailer?.clusterTag !== undefined).toBe(tagged);
    }
  });

  it('sends nothing of an empty publication, and holds nobody up for it', () => {
    const bench = NodeBench.ready();
    expect(bench.input(() => bench.node.publish(bench.now, []))?.ticket).toBe(0);
    bench.advance(1000);
    expect(bench.of('batch')).toEqual([]);
  });

  it('flushes the rest when a part is withdrawn', () => {
    const bench = NodeBench.ready();
    bench.kernel = 'silent';
    bench.publish('sent');
    bench.advance(0);
    const one = bench.input(() => bench.node.publish(bench.now, [bare('a'), bare('b')]))!;
    bench.publish('b', 'c');
    bench.input(() => bench.node.withdraw(one));
    bench.kernel = 'prompt';
    while (bench.confirm()) continue;
    bench.advance(0);
    expect(bench.of('batch').map(({ packet }) => packet.keys)).toEqual([['sent'], ['b', 'c']]);
  });
});
