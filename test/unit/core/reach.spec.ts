import { describe, expect, it } from '@jest/globals';

import { type NodeId, readNodeId, shortNodeId } from '../../../lib/primitives/node-id.js';
import type { MembershipDigest } from '../../../lib/wire/packet.js';
import { BenchPeer, NodeBench } from '../../support/node-bench.js';

const PEER = '10.0.0.2:7946';
const SELF = readNodeId(Buffer.from('the node itself.'), 0);

function digest(unheard: MembershipDigest['unheard']): MembershipDigest {
  return { count: 1, hash: 1, unheard };
}

/** Whether the next event goes to the peer by itself. */
function isSentAlone(bench: NodeBench): boolean {
  bench.forget();
  bench.publish(`k${bench.now}`);
  bench.advance(0);
  return bench.of('batch', PEER).length === 1;
}

function met(id: NodeId = SELF): { bench: NodeBench; peer: BenchPeer } {
  const bench = NodeBench.ready({ id });
  return { bench, peer: BenchPeer.met(bench, PEER) };
}

describe('Reach', () => {
  it('takes nobody for hearing the group who has not said so', () => {
    const { bench } = met();
    expect(isSentAlone(bench)).toBe(true);
  });

  it('takes a heartbeat that does not list this node for the word that it is heard, for 3 heartbeats', () => {
    const { bench, peer } = met();
    peer.say(peer.heartbeat(digest([])));
    expect(isSentAlone(bench)).toBe(false);
    bench.advance(9000);
    peer.say(peer.batch(['a sign of life']));
    bench.advance(5999);
    expect(isSentAlone(bench)).toBe(false);
    bench.advance(1);
    expect(isSentAlone(bench)).toBe(true);
  });

  it.each(['all', [shortNodeId(SELF)], [1, shortNodeId(SELF), 2]] as const)(
    'takes a heartbeat that lists %j for the contrary',
    (unheard) => {
      const { bench, peer } = met();
      peer.say(peer.heartbeat(digest([])));
      peer.say(peer.heartbeat(digest(unheard)));
      expect(isSentAlone(bench)).toBe(true);
    },
  );

  it('believes nobody who has not confirmed', () => {
    const bench = NodeBench.ready({ id: SELF });
    const peer = new BenchPeer(bench, PEER);
    peer.greet();
    peer.confirm({ verified: false });
    peer.say(peer.heartbeat(digest([])));
    expect(isSentAlone(bench)).toBe(true);
  });

  it('believes an answer for a heartbeat', () => {
    const { bench, peer } = met();
    peer.say(peer.pong(peer.given(), peer.sender));
    expect(isSentAlone(bench)).toBe(false);
    bench.advance(4999);
    expect(isSentAlone(bench)).toBe(false);
    bench.advance(1);
    expect(isSentAlone(bench)).toBe(true);
  });

  it('does not take what a peer attests of a third for a word of its own', () => {
    const { bench, peer } = met();
    peer.say(peer.pong(peer.given(), SELF));
    expect(isSentAlone(bench)).toBe(true);
  });

  it('asks before a confirmation runs out', () => {
    const { bench, peer } = met();
    peer.say(peer.heartbeat(digest([])));
    bench.advance(6000);
    peer.say(peer.batch(['a sign of life']));
    bench.forget();
    bench.advance(6499);
    expect(bench.of('ping')).toEqual([]);
    bench.advance(2);
    expect(bench.of('ping', PEER)[0]?.packet).toMatchObject({ nonce: peer.nonce, target: peer.sender });
  });

  it('lists whom it does not hear through the group, and says so soon when it does', () => {
    const { bench, peer } = met();
    const other = BenchPeer.met(bench, '10.0.0.3:7946');
    bench.advance(500);
    bench.forget();
    while (bench.of('heartbeat').length === 0) bench.advance(10);
    bench.forget();
    peer.say(peer.batch(['through the group']), true);
    bench.advance(999);
    expect(bench.of('heartbeat')).toEqual([]);
    bench.advance(1);
    const [heartbeat] = bench.of('heartbeat', PEER);
    expect(heartbeat?.packet.members?.unheard).toEqual([shortNodeId(other.sender)]);
    bench.forget();
    bench.advance(15_000);
    expect(bench.of('heartbeat').at(-1)?.packet.members?.unheard).toBe('all');
  });

  it('says that it hears nobody where it uses no group', () => {
    const bench = NodeBench.ready({ multicast: false });
    BenchPeer.met(bench, PEER);
    bench.advance(5000);
    expect(bench.of('heartbeat').at(-1)?.packet.members).toMatchObject({ count: 1, unheard: 'all' });
  });

  it('warns once when others are there and the group brings nothing', () => {
    const { bench, peer } = met();
    for (let beat = 0; beat < 20; beat++) {
      peer.say(peer.heartbeat(digest('all')));
      bench.advance(5000);
    }
    expect(bench.eventsOf('warning')).toEqual([{ kind: 'warning', warning: { code: 'multicast-unheard' } }]);
  });

  it('does not warn of the group when those who are there have fallen silent', () => {
    const { bench, peer } = met();
    peer.say(peer.heartbeat(digest([])), true);
    bench.advance(60_000);
    expect(bench.eventsOf('warning').map(({ warning }) => warning.code)).toEqual(['isolated']);
  });
});
