import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { MeshOptions } from '../../lib/options/mesh-options.js';
import type { OwnAddress } from '../../lib/runtime/own-address.js';
import { readOwnAddresses } from '../../lib/runtime/own-address.js';
import { FakeClock } from '../support/fake-clock.js';
import { randomPort } from '../support/random-port.js';
import { RawTransport } from '../support/raw-transport.js';

const opened: RawTransport[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((one) => one.close()));
});

function make(...args: ConstructorParameters<typeof RawTransport>): RawTransport {
  const transport = new RawTransport(...args);
  opened.push(transport);
  return transport;
}

function open(options: MeshOptions, ...rest: [Record<string, unknown>?, FakeClock?]): Promise<RawTransport> {
  return make(options, ...rest).open();
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** UDP sockets of this process. One that was closed is gone at the end of that turn, behind its immediates. */
async function udpHandles(): Promise<number> {
  await turn();
  await turn();
  return process.getActiveResourcesInfo().filter((name) => name === 'UDPWrap').length;
}

describe('NodeDatagramTransport', () => {
  it('tells by which way a datagram came, and its sender by an address that can be answered', async () => {
    const port = randomPort();
    const [one, two] = [await open({ port }), await open({ port })];
    expect(await one.send('to all', { group: true })).toBe(0);
    expect(await one.send('to one', { endpoints: [two.endpoint] })).toBe(0);
    await two.heard.atLeast(2);
    expect(two.heard.items).toEqual(
      expect.arrayContaining([
        { from: one.endpoint, viaGroup: true, text: 'to all' },
        { from: one.endpoint, viaGroup: false, text: 'to one' },
      ]),
    );
  });

  it('does not hear itself', async () => {
    const port = randomPort();
    const [one, two] = [await open({ port }), await open({ port })];
    await one.send('mine', { group: true });
    await two.send('yours', { group: true });
    await one.heard.find(({ text }) => text === 'yours');
    expect(one.heard.items.map(({ text }) => text)).toEqual(['yours']);
  });

  it('hears no other group on its port, as the socket is bound to the group', async () => {
    const port = randomPort();
    const [one, two] = [await open({ port, group: '239.7.7.7' }), await open({ port, group: '239.8.8.8' })];
    await two.send('other group', { group: true });
    await two.send('by unicast', { endpoints: [one.endpoint] });
    await one.heard.atLeast(1);
    await turn();
    expect(one.heard.items.map(({ text }) => text)).toEqual(['by unicast']);
  });

  it('sends one datagram to many, and calls back once and later', async () => {
    const port = randomPort();
    const all = [await open({ port }), await open({ port }), await open({ port })];
    const [one, ...others] = all;
    const calls: number[] = [];
    one!.transport.send(
      Buffer.from('xyz'),
      1,
      true,
      others.map(({ endpoint }) => endpoint),
      (failures) => calls.push(failures),
    );
    expect(calls).toEqual([]);
    for (const other of others) expect((await other.heard.atLeast(2)).map(({ text }) => text)).toEqual(['x', 'x']);
    expect(calls).toEqual([0]);
  });

  it('counts what the kernel refuses, throws nothing and goes on', async () => {
    const port = randomPort();
    const [one, two] = [await open({ port }), await open({ port })];
    const refused = ['10.254.254.254:1', '255.255.255.255:1', '0.0.0.0:1', 'nonsense', '127.0.0.1:0'];
    expect(await one.send('x', { endpoints: [...refused, two.endpoint] })).toBe(refused.length);
    expect(await one.send('x'.repeat(65_508), { endpoints: [two.endpoint] })).toBe(1);
    expect(await one.send('x', {})).toBe(0);
    expect(await two.heard.atLeast(1)).toHaveLength(1);
  });

  it('refuses to send to a group that it has not joined', async () => {
    const one = await open({ port: randomPort(), group: false });
    expect(one.transport.snapshot().multicast).toEqual([]);
    expect(await one.send('x', { group: true })).toBe(1);
  });

  it('counts as refused what is sent when it is closed', async () => {
    const one = await open({ port: randomPort() });
    const { endpoint } = one;
    await one.close();
    expect(await one.send('x', { group: true, endpoints: [endpoint] })).toBe(2);
  });

  it('hears nobody whom the option allow does not cover, counts him and tells it once', async () => {
    const port = randomPort();
    const one = await open({ port, allow: ['10.0.0.0/8'] });
    const two = await open({ port });
    for (let datagram = 0; datagram < 5; datagram++) await two.send('x', { group: true, endpoints: [one.endpoint] });
    await one.warnings.atLeast(1);
    await two.send('x', { endpoints: [two.endpoint] });
    await two.heard.atLeast(1);
    expect(one.heard.items).toEqual([]);
    expect(one.transport.snapshot().refusedSources).toBe(10);
    expect(one.warnings.items.map(({ code }) => code)).toEqual(['source-refused']);
    expect(one.warnings.items[0]?.message).toContain('127.0.0.1');
  });
});

const onLinux = process.platform === 'linux';
if (!onLinux) console.warn('SKIPPED: the receive buffer. What the kernel gives at most is read from /proc of Linux.');

(onLinux ? describe : describe.skip)('the receive buffer', () => {
  it('is what the kernel gives, and a smaller one is a warning with the sysctl to set', async () => {
    const most = Number(readFileSync('/proc/sys/net/core/rmem_max', 'utf8'));
    const one = await open({ port: randomPort() }, { receiveBufferBytes: most * 2 });
    expect(one.transport.snapshot().receiveBufferBytes).toBe(most);
    expect(one.warnings.items).toEqual([
      { code: 'receive-buffer', message: expect.stringContaining(`sysctl -w net.core.rmem_max=${most * 2}`) },
    ]);
  });

  it('is no warning when it is as large as was asked for', async () => {
    const one = await open({ port: randomPort() }, { receiveBufferBytes: 100_000 });
    expect(one.transport.snapshot().receiveBufferBytes).toBe(100_000);
    expect(one.warnings.items).toEqual([]);
  });
});

describe('opening and closing', () => {
  it('leaves no socket open, closed once or twice', async () => {
    const before = await udpHandles();
    const one = await open({ port: randomPort() });
    expect(await udpHandles()).toBe(before + 2);
    await Promise.all([one.close(), one.close()]);
    expect(await udpHandles()).toBe(before);
  });

  it('leaves no socket open when it fails half-way', async () => {
    const port = randomPort();
    const stranger = createSocket('udp4').bind({ address: '0.0.0.0', port, exclusive: true });
    await once(stranger, 'listening');
    const before = await udpHandles();
    await expect(open({ port })).rejects.toMatchObject({ code: 'MESH_ERR_PORT_IN_USE' });
    expect(await udpHandles()).toBe(before);
    stranger.close();
  });

  it('closes what is being opened', async () => {
    const before = await udpHandles();
    const one = make({ port: randomPort() });
    const opening = one.open();
    const closing = one.close();
    await expect(opening).rejects.toMatchObject({ code: 'MESH_ERR_CLOSED' });
    await closing;
    expect(await udpHandles()).toBe(before);
    expect(one.endpoints).toEqual([]);
  });

  it('says what the operating system refused', async () => {
    const gone: OwnAddress = {
      ...{ name: 'gone0', address: '10.254.254.1', cidr: '10.254.254.1/24', mac: '' },
      ...{ loopback: false, multicast: true },
    };
    const one = make({ port: randomPort(), interface: 'gone0' }, { readOwnAddresses: () => [gone] });
    await expect(one.open()).rejects.toMatchObject({
      code: 'MESH_ERR_SOCKET',
      message: expect.stringContaining('10.254.254.1'),
      cause: expect.objectContaining({ code: 'EADDRNOTAVAIL' }),
    });
  });

  it('fails where interfaces can not be listed', async () => {
    const readOwnAddresses = (): never => {
      throw Object.assign(new Error('uv_interface_addresses'), { code: 'EACCES' });
    };
    const one = make({ port: randomPort() }, { readOwnAddresses });
    await expect(one.open()).rejects.toMatchObject({
      code: 'MESH_ERR_SOCKET',
      message: expect.stringContaining('EACCES'),
    });
  });

  it('fails where no interface is up', async () => {
    const one = make({ port: randomPort(), interface: undefined }, { readOwnAddresses: () => [] });
    await expect(one.open()).rejects.toMatchObject({ code: 'MESH_ERR_SOCKET' });
  });
});

describe('addresses that come and go, on a clock that is moved by hand', () => {
  const [home] = readOwnAddresses().filter(({ loopback }) => loopback);
  const second: OwnAddress = { ...home!, address: '127.0.0.2', cidr: '127.0.0.2/8' };
  let own: readonly OwnAddress[] = [];
  const readOwn = (): readonly OwnAddress[] => own;

  /** Sockets are bound by the kernel in its time: looks follow each other until it is so. */
  async function until(clock: FakeClock, done: () => boolean): Promise<void> {
    for (let look = 0; look < 50 && !done(); look++) await clock.advance(1000);
    expect(done()).toBe(true);
  }

  it('opens and closes a socket for each, and tells where it is reached', async () => {
    const clock = new FakeClock();
    own = [home!];
    const port = randomPort();
    const one = await open({ port }, { readOwnAddresses: readOwn }, clock);
    own = [home!, second];
    await until(clock, () => one.endpoints.length === 2);
    own = [second];
    await until(clock, () => one.endpoints.length === 3);
    own = [home!];
    await until(clock, () => one.endpoints.length === 4);
    expect(one.endpoints.map((all) => [...all].sort())).toEqual([
      [`127.0.0.1:${port}`],
      [`127.0.0.1:${port}`, `127.0.0.2:${port}`],
      [`127.0.0.2:${port}`],
      [`127.0.0.1:${port}`],
    ]);
  });

  it('tells the loss and the return of an interface that was named, once each', async () => {
    const clock = new FakeClock();
    own = [home!];
    const one = await open({ port: randomPort() }, { readOwnAddresses: readOwn }, clock);
    const [before] = one.endpoints;
    own = [];
    await until(clock, () => one.warnings.items.length > 0);
    await clock.advance(10_000);
    own = [home!];
    await until(clock, () => one.endpoints.length === 3);
    await clock.advance(10_000);
    expect(one.warnings.items.map(({ code }) => code)).toEqual(['interface-lost', 'interface-back']);
    expect(one.endpoints).toEqual([before, [], before]);
    expect(one.transport.snapshot().multicast).toEqual(['lo']);
  });

  it('is silent and keeps its sockets while nothing changes', async () => {
    const clock = new FakeClock();
    own = [home!];
    const one = await open({ port: randomPort() }, { readOwnAddresses: readOwn }, clock);
    await clock.advance(60_000);
    expect(one.endpoints).toHaveLength(1);
    expect(one.warnings.items).toEqual([]);
    expect(clock.pending).toBe(1);
    await one.close();
    expect(clock.pending).toBe(0);
  });
});
