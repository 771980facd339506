import { describe, expect, it } from '@jest/globals';

import { MAX_PEER_ENTRIES } from '../../../lib/wire/peers-codec.js';
import { limits } from '../../support/limits.js';
import { BenchPeer, NodeBench } from '../../support/node-bench.js';

const PEER = '10.0.0.2:7946';
const NEWS = '10.0.0.9:7946';

function met(host = PEER): { bench: NodeBench; peer: BenchPeer } {
  const bench = NodeBench.ready({ multicast: false });
  return { bench, peer: BenchPeer.met(bench, host) };
}

describe('PeerExchange', () => {
  it('asks a member that knows others than it', () => {
    const { bench, peer } = met();
    bench.advance(1);
    const [request] = bench.of('peers', PEER);
    expect(request?.packet).toMatchObject({ request: true, entries: [], nonce: peer.nonce, members: { count: 1 } });
  });

  it('asks nobody that knows the same', () => {
    const { bench, peer } = met();
    bench.advance(1000);
    const { members } = bench.of('peers', PEER)[0]!.packet;
    peer.say(peer.heartbeat({ ...members, unheard: 'all' }));
    bench.advance(100);
    bench.forget();
    for (let beat = 0; beat < 4; beat++) {
      bench.advance(4000);
      peer.say(peer.heartbeat({ ...members, unheard: 'all' }));
    }
    expect(bench.of('peers')).toEqual([]);
  });

  it('asks nobody who has gone by then, or has come to know the same', () => {
    const { bench, peer } = met();
    bench.advance(1);
    const { members } = bench.of('peers', PEER)[0]!.packet;
    bench.forget();
    peer.say(peer.heartbeat({ count: 9, hash: 9, unheard: 'all' }));
    peer.say(peer.heartbeat({ ...members, unheard: 'all' }));
    bench.advance(1000);
    expect(bench.of('peers')).toEqual([]);
    peer.say(peer.heartbeat({ count: 9, hash: 9, unheard: 'all' }));
    peer.say(peer.leave(peer.given()));
    bench.advance(1000);
    expect(bench.of('peers')).toEqual([]);
  });

  it('asks less and less often while the answers bring nothing', () => {
    const { bench, peer } = met();
    for (let tenth = 0; tenth < 600; tenth++) {
      bench.advance(100);
      peer.say(peer.heartbeat({ count: 7, hash: 7, unheard: 'all' }));
    }
    expect(bench.of('peers', PEER).length).toBeLessThan(20);
    expect(bench.of('peers', PEER).length).toBeGreaterThan(10);
  });

  it('greets those that it did not know, and not itself, nor those it knows, nor what names no host', () => {
    const { bench, peer } = met();
    bench.forget();
    const groups = ['239.0.0.1:7946', '255.255.255.255:7946', '0.1.2.3:7946'];
    peer.say(peer.peers(peer.given(), [NEWS, NodeBench.ADDRESS, PEER, ...groups]));
    bench.advance(10);
    expect(bench.of('hello').map(({ to }) => to)).toEqual([[NEWS]]);
  });

  it('counts whom it has no room to greet', () => {
    const bench = NodeBench.ready({ multicast: false, limits: limits({ unverifiedPeers: 2 }) });
    const peer = BenchPeer.met(bench, PEER);
    peer.say(peer.peers(peer.given(), [NEWS, '10.0.0.10:7946', '10.0.0.11:7946']));
    expect([bench.node.stats().unverified, bench.dropped()['unverified-limit']]).toEqual([2, 1]);
  });

  it('believes only who knows its nonce', () => {
    const { bench, peer } = met();
    bench.forget();
    peer.say(peer.peers(1n, [NEWS]));
    bench.advance(10);
    expect(bench.of('hello', NEWS)).toEqual([]);
    expect(bench.dropped()['wrong-nonce']).toBe(1);
  });

  it('answers with all it knows but the asker, on as many datagrams as it takes', () => {
    const { bench, peer } = met();
    const count = MAX_PEER_ENTRIES + 5;
    for (let host = 0; host < count; host++) BenchPeer.met(bench, `10.0.1.${host + 1}:7946`);
    bench.forget();
    peer.say(peer.peers(peer.given(), [], true));
    const answers = bench.of('peers', PEER).map(({ packet }) => packet);
    expect(answers.map(({ request, entries }) => [request, entries.length])).toEqual([
      [false, MAX_PEER_ENTRIES],
      [false, 5],
    ]);
    const told = answers.flatMap(({ entries }) => entries.map(({ endpoint }) => endpoint));
    expect([new Set(told).size, told.includes(PEER)]).toEqual([count, false]);
  });

  it('answers one member at most each 25 ms, and with one datagram when it knows nobody else', () => {
    const { bench, peer } = met();
    bench.forget();
    for (let ask = 0; ask < 10; ask++) peer.say(peer.peers(peer.given(), [], true));
    expect(bench.of('peers', PEER).filter(({ packet }) => !packet.request)).toHaveLength(1);
    bench.advance(25);
    peer.say(peer.peers(peer.given(), [], true));
    expect(bench.of('peers', PEER).filter(({ packet }) => !packet.request)).toHaveLength(2);
  });

  it.each([
    { asker: PEER, local: '127.0.0.1:7947', advertised: '0.0.0.0:0', told: [] },
    { asker: PEER, local: '127.0.0.1:7947', advertised: '10.0.0.7:7946', told: ['10.0.0.7:7946'] },
    { asker: '127.0.0.1:7948', local: '127.0.0.1:7947', advertised: '10.0.0.7:7946', told: ['127.0.0.1:7947'] },
    { asker: PEER, local: '172.17.0.2:7946', advertised: '10.0.0.7:9000', told: ['10.0.0.7:9000'] },
    { asker: PEER, local: '10.0.0.7:7946', advertised: '0.0.0.0:0', told: ['10.0.0.7:7946'] },
    { asker: PEER, local: '10.0.0.7:7946', advertised: '127.0.0.1:7946', told: ['10.0.0.7:7946'] },
  ])(
    'tells $asker that one at $local, advertised at $advertised, lives at $told',
    ({ asker, local, advertised, told }) => {
      const { bench, peer } = met(asker);
      BenchPeer.met(bench, local, { advertised });
      bench.forget();
      peer.say(peer.peers(peer.given(), [], true));
      const answers = bench.of('peers', asker).filter(({ packet }) => !packet.request);
      expect(answers.flatMap(({ packet }) => packet.entries.map(({ endpoint }) => endpoint))).toEqual(told);
    },
  );

  it('lets others talk nobody back to life who said goodbye', () => {
    const { bench, peer } = met();
    const gone = BenchPeer.met(bench, NEWS);
    gone.say(gone.leave(gone.given()));
    bench.advance(60_000);
    const again = BenchPeer.met(bench, '10.0.0.3:7946');
    bench.forget();
    again.say(again.peersById(again.given(), [[gone.sender, NEWS]]));
    bench.advance(100);
    expect(bench.of('hello', NEWS)).toEqual([]);
    expect(peer.sender).not.toBe(gone.sender);
  });

  it('greets one that it gave up and others know, when they have had the time to give it up too', () => {
    const { bench } = met();
    const lost = BenchPeer.met(bench, NEWS);
    const teller = BenchPeer.met(bench, '10.0.0.3:7946');
    for (let beat = 0; beat < 6; beat++) {
      teller.say(teller.heartbeat());
      bench.advance(4200);
    }
    expect(lost.isPeer).toBe(false);
    bench.forget();
    teller.say(teller.peersById(teller.given(), [[lost.sender, '10.0.0.10:7946']]));
    bench.advance(1);
    expect(bench.of('hello', '10.0.0.10:7946')).toEqual([]);
    for (let beat = 0; beat < 6; beat++) {
      teller.say(teller.heartbeat());
      bench.advance(4200);
    }
    teller.say(teller.peersById(teller.given(), [[lost.sender, '10.0.0.10:7946']]));
    bench.advance(1);
    expect(bench.of('hello', '10.0.0.10:7946')).toHaveLength(1);
  });
});
