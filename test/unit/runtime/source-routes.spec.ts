import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { SourceRoutes } from '../../../lib/runtime/source-routes.js';
import { UdpSocket } from '../../../lib/runtime/udp-socket.js';
import type { UnicastSocket } from '../../../lib/runtime/unicast-sockets.js';

/** Nothing is sent here: every own address borrows this socket. */
let socket: UdpSocket;
beforeAll(async () => {
  socket = await UdpSocket.bind({ address: '127.0.0.1', port: 0, shared: false }, () => {});
});
afterAll(() => socket.close());

function own(name: string, address: string, bits: number): UnicastSocket {
  const loopback = name === 'lo';
  const at = { name, address, cidr: `${address}/${bits}`, mac: '', loopback, multicast: !loopback };
  return { own: at, endpoint: `${address}:7946`, socket };
}

const lo = (): UnicastSocket => own('lo', '127.0.0.1', 8);
const eth0 = (): UnicastSocket => own('eth0', '10.0.0.5', 24);
const eth1 = (): UnicastSocket => own('eth1', '10.1.0.5', 16);
const vpn = (): UnicastSocket => own('vpn', '10.1.7.5', 24);
const point = (): UnicastSocket => own('ppp0', '10.8.0.2', 32);

let asked: string[];
let sources: Map<string, string>;
let routes: SourceRoutes;
beforeEach(() => {
  asked = [];
  sources = new Map();
  routes = new SourceRoutes((destination) => {
    asked.push(destination);
    return Promise.resolve(sources.get(destination));
  });
});

const from = (endpoint: string): string | undefined => routes.find(endpoint)?.from.own.name;

describe('SourceRoutes', () => {
  it.each([
    ['127.0.0.1:7946', 'lo'],
    ['127.0.0.9:7946', 'lo'],
    ['10.0.0.200:7946', 'eth0'],
    ['10.0.0.5:7946', 'eth0'],
    ['10.1.200.1:7946', 'eth1'],
    ['10.1.7.9:7946', 'vpn'],
    ['10.8.0.2:7946', 'ppp0'],
    ['203.0.113.9:7946', 'eth0'],
  ])('sends to %s from %s', (endpoint, name) => {
    routes.adopt([eth0(), eth1(), vpn(), point(), lo()]);
    expect(from(endpoint)).toBe(name);
  });

  it('tells the parts of the endpoint', () => {
    routes.adopt([eth0()]);
    expect(routes.find('10.0.0.9:123')).toMatchObject({ address: '10.0.0.9', port: 123 });
  });

  it.each(['0.0.0.0:7946', 'nonsense', '10.0.0.9', '10.0.0.9:0', '10.0.0.9:70000', ''])(
    'has no way to "%s"',
    (endpoint) => {
      routes.adopt([eth0(), lo()]);
      expect(routes.find(endpoint)).toBeUndefined();
    },
  );

  it('has no way at all without sockets', () => {
    expect(routes.find('10.0.0.9:1')).toBeUndefined();
  });

  it('asks the operating system for what is in no own network, and follows its answer', async () => {
    routes.adopt([eth0(), eth1(), point(), lo()]);
    sources.set('10.8.0.77', '10.8.0.2');
    expect(from('10.8.0.77:1')).toBe('eth0');
    await Promise.resolve();
    expect(from('10.8.0.77:1')).toBe('ppp0');
    expect(asked).toEqual(['10.8.0.77']);
  });

  it('stays with the first when the answer is no socket of ours', async () => {
    routes.adopt([eth0(), eth1(), lo()]);
    sources.set('203.0.113.9', '192.0.2.1');
    expect(from('203.0.113.9:1')).toBe('eth0');
    await Promise.resolve();
    expect(from('203.0.113.9:1')).toBe('eth0');
    expect(asked).toHaveLength(1);
  });

  it('asks again after routes may have changed', async () => {
    routes.adopt([eth0(), eth1(), lo()]);
    routes.find('203.0.113.9:1');
    await Promise.resolve();
    routes.forget();
    sources.set('203.0.113.9', '10.1.0.5');
    routes.find('203.0.113.9:1');
    await Promise.resolve();
    expect(from('203.0.113.9:1')).toBe('eth1');
  });

  it('asks nobody where there is no choice', () => {
    routes.adopt([eth0(), lo()]);
    routes.find('203.0.113.9:1');
    expect(asked).toEqual([]);
  });

  it('ignores an answer that comes after the sockets have changed', async () => {
    routes.adopt([eth0(), eth1(), lo()]);
    sources.set('203.0.113.9', '10.1.0.5');
    routes.find('203.0.113.9:1');
    routes.adopt([eth0(), lo()]);
    await Promise.resolve();
    expect(from('203.0.113.9:1')).toBe('eth0');
  });

  it('asks for few at once, however many strangers it answers', () => {
    routes.adopt([eth0(), eth1(), lo()]);
    for (let stranger = 0; stranger < 20_000; stranger++) routes.find(`203.0.${stranger >> 8}.${stranger & 255}:1`);
    expect(asked).toHaveLength(8);
  });
});
