import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { MeshBus } from '../../../lib/bus/mesh-bus.js';
import type { MeshEvent } from '../../../lib/bus/mesh-event.js';
import type { MeshResync } from '../../../lib/bus/mesh-resync.js';
import { rawData } from '../../../lib/bus/raw-data.js';
import { codeOf } from '../../support/codes.js';
import { MemoryWorld } from '../../support/memory-world.js';

let world: MemoryWorld;
beforeEach(() => {
  world = new MemoryWorld();
});
afterEach(() => world.close());

function hear(bus: MeshBus, pattern = '*'): MeshEvent[] {
  const events: MeshEvent[] = [];
  bus.subscribe(pattern, (event) => events.push(event));
  return events;
}

async function pair(options = {}): Promise<{ sender: MeshBus; receiver: MeshBus; heard: MeshEvent[] }> {
  const [sender, receiver] = await world.mesh(2, options);
  return { sender: sender!, receiver: receiver!, heard: hear(receiver!) };
}

describe('MeshBus.publish', () => {
  it('carries data, metadata, origin and zone', async () => {
    const { sender, heard } = await pair({ zone: 'eu-1' });
    await world.until(sender.publish('user:renamed', { data: { id: 42 }, metadata: { traceparent: '00-1' } }));
    await world.advance(10);
    expect(heard).toEqual([
      {
        key: 'user:renamed',
        data: { id: 42 },
        metadata: { traceparent: '00-1' },
        origin: sender.id,
        zone: 'eu-1',
        sequence: 1,
      },
    ]);
    expect(Object.isFrozen(heard[0])).toBe(true);
    expect(Object.isFrozen(heard[0]?.metadata)).toBe(true);
  });

  it('tells a bare key from one with data, null included', async () => {
    const { sender, heard } = await pair();
    const values = [undefined, null, 0, '', false, [], {}, 'é😀'];
    for (const data of values) await world.until(sender.publish('key', { data }));
    await world.advance(10);
    expect(heard.map((event) => event.data)).toEqual(values);
    expect(heard.every((event) => Object.keys(event.metadata).length === 0)).toBe(true);
  });

  it.each([[[]], [[0]], [[49]], [[0xff, 0, 34]]])('carries the bytes %j as they are', async (bytes) => {
    const { sender, heard } = await pair({ selfDelivery: true });
    const own = hear(sender);
    await world.until(sender.publish('key', { data: rawData(Uint8Array.from(bytes)) }));
    await world.advance(10);
    expect([...own, ...heard].map(({ data }) => data)).toEqual([Buffer.from(bytes), Buffer.from(bytes)]);
  });

  it('carries bytes as they were when it was called', async () => {
    const { sender, heard } = await pair();
    const bytes = Buffer.from('before');
    const sent = sender.publish('key', { data: rawData(bytes) });
    bytes.write('behind');
    await world.until(sent);
    await world.advance(10);
    expect(heard.map(({ data }) => data)).toEqual([Buffer.from('before')]);
  });

  it('takes bytes of a user for what JSON makes of them', async () => {
    const { sender, heard } = await pair();
    await world.until(sender.publish('key', { data: Buffer.from('a') }));
    await world.advance(10);
    expect(heard.map(({ data }) => data)).toEqual([{ type: 'Buffer', data: [97] }]);
  });

  it('refuses bytes that do not fit, their mark counted', async () => {
    const [bus] = await world.mesh(1);
    const most = 64 * 1024 - 1;
    await world.until(bus!.publish('key', { data: rawData(new Uint8Array(most)) }));
    const refused = bus!.publish('key', { data: rawData(new Uint8Array(most + 1)) });
    expect(await codeOf(refused)).toBe('MESH_ERR_DATA_TOO_LARGE');
  });

  it('publishes many keys at once, packed', async () => {
    const { sender, heard } = await pair({ group: '239.0.0.1' });
    const keys = Array.from({ length: 60 }, (_, index) => `${'k'.repeat(97)}:${index + 10}`);
    const before = sender.metrics().datagramsSent;
    await world.until(sender.publish(keys));
    await world.advance(10);
    expect(heard.map((event) => event.key).sort()).toEqual(keys.sort());
    expect(sender.metrics().datagramsSent - before).toBeLessThan(20);
    expect(sender.metrics().published).toBe(60);
  });

  it('resolves where nobody is there to send to', async () => {
    const bus = world.bus({ group: false });
    await world.until(bus.start());
    await world.until(bus.publish('k'));
    await world.until(bus.publish(['a', 'b'], { data: 1 }));
    expect(bus.metrics()).toMatchObject({ published: 3, datagramsSent: 0 });
  });

  it('delivers a key whose data or metadata can not be read, without them, and counts it', async () => {
    const { sender, receiver, heard } = await pair();
    world.network.onSend = (_from, bytes) => {
      for (const text of ['"data"', '{"meta":']) {
        const at = bytes.indexOf(text);
        if (at >= 0) bytes[at] = '}'.charCodeAt(0);
      }
    };
    await world.until(sender.publish('broken data', { data: 'data', metadata: { a: 'b' } }));
    await world.until(sender.publish('broken metadata', { data: 1, metadata: { meta: 'b' } }));
    await world.advance(10);
    expect(heard).toMatchObject([
      { key: 'broken data', data: undefined, metadata: { a: 'b' } },
      { key: 'broken metadata', data: 1, metadata: {} },
    ]);
    expect(receiver.metrics()).toMatchObject({ undecodable: 2, delivered: 2, handlerFailures: 0 });
  });

  it('sends an empty list at once', async () => {
    const { sender } = await pair();
    await sender.publish([]);
    expect(sender.metrics().published).toBe(0);
  });

  it('merges bare keys that wait, and no others', async () => {
    const { sender, heard } = await pair();
    void sender.publish('key');
    void sender.publish('key');
    void sender.publish('key', { data: 1 });
    void sender.publish('key', { data: 2 });
    void sender.publish('key', { metadata: { a: 'b' } });
    await world.advance(10);
    expect(heard.map(({ data, metadata }) => ({ data, ...metadata }))).toEqual([
      { data: undefined },
      { data: 1 },
      { data: 2 },
      { data: undefined, a: 'b' },
    ]);
    expect(sender.metrics()).toMatchObject({ published: 5, merged: 1 });
  });

  it('sends a key again that is published while its datagram is on the way', async () => {
    const { sender, heard } = await pair();
    let again: Promise<void> | undefined;
    world.network.onSend = (_from, bytes) => {
      if (bytes.includes('invalidate:user:42')) again ??= sender.publish('invalidate:user:42');
    };
    await world.until(sender.publish('invalidate:user:42'));
    await world.until(again!);
    await world.advance(10);
    expect(heard).toHaveLength(2);
  });

  it('gives all publishes of one flush the same promise', async () => {
    const { sender } = await pair();
    const [first, second] = [sender.publish('a'), sender.publish('b', { data: 1 })];
    expect(first).toBe(second);
    await world.until(first);
    expect(sender.publish('c')).not.toBe(first);
  });

  it('takes keys while it joins, and sends them when it is ready', async () => {
    const receiver = world.bus();
    await world.until(receiver.start());
    const heard = hear(receiver);
    const sender = world.bus();
    const started = sender.start();
    const published = sender.publish(['early', 'bird']);
    expect(sender.status).toBe('joining');
    await world.until(published);
    await world.until(started);
    await world.advance(10);
    expect(heard.map((event) => event.key)).toEqual(['early', 'bird']);
  });

  const refused: [name: string, code: string, publish: (bus: MeshBus) => Promise<void>][] = [
    ['an empty key', 'MESH_ERR_KEY', (bus) => bus.publish('')],
    ['a key of 1025 bytes', 'MESH_ERR_KEY', (bus) => bus.publish('k'.repeat(1025))],
    ['a key of 1026 bytes in 513 characters', 'MESH_ERR_KEY', (bus) => bus.publish('é'.repeat(513))],
    ['a lone surrogate', 'MESH_ERR_KEY', (bus) => bus.publish('user:\ud83d')],
    ['no string', 'MESH_ERR_KEY', (bus) => bus.publish(42 as unknown as string)],
    ['nothing', 'MESH_ERR_KEY', (bus) => bus.publish(undefined as unknown as string)],
    ['one wrong key of many', 'MESH_ERR_KEY', (bus) => bus.publish(['fine', '', 'good'])],
    ['a function', 'MESH_ERR_DATA', (bus) => bus.publish('k', { data: () => 1 })],
    ['a symbol', 'MESH_ERR_DATA', (bus) => bus.publish('k', { data: Symbol('s') })],
    ['a BigInt', 'MESH_ERR_DATA', (bus) => bus.publish('k', { data: { id: 1n } })],
    ['a circle', 'MESH_ERR_DATA', (bus) => bus.publish('k', { data: circle() })],
    [
      'a toJSON that throws',
      'MESH_ERR_DATA',
      (bus) => bus.publish('k', { data: { toJSON: () => JSON.stringify(circle()) } }),
    ],
    ['metadata that is no record', 'MESH_ERR_DATA', (bus) => bus.publish('k', { metadata: ['a'] as never })],
    ['metadata of numbers', 'MESH_ERR_DATA', (bus) => bus.publish('k', { metadata: { a: 1 } as never })],
    ['metadata that is null', 'MESH_ERR_DATA', (bus) => bus.publish('k', { metadata: null as never })],
    ['data of 65,537 bytes', 'MESH_ERR_DATA_TOO_LARGE', (bus) => bus.publish('k', { data: 'x'.repeat(65_535) })],
    [
      'metadata of 65,537 bytes',
      'MESH_ERR_DATA_TOO_LARGE',
      (bus) => bus.publish('k', { metadata: { a: 'x'.repeat(65_529) } }),
    ],
    [
      'data and metadata of 65,537 bytes together',
      'MESH_ERR_DATA_TOO_LARGE',
      (bus) => bus.publish('k', { data: 'x'.repeat(65_526), metadata: { a: 'b' } }),
    ],
    ['a signal that is none', 'MESH_ERR_ARGUMENT', (bus) => bus.publish('k', { signal: {} as AbortSignal })],
    ['an empty pattern', 'MESH_ERR_PATTERN', (bus) => bus.publishMatching('')],
    ['a pattern of 1025 bytes', 'MESH_ERR_PATTERN', (bus) => bus.publishMatching('*'.repeat(1025))],
    ['an empty lease', 'MESH_ERR_KEY', (bus) => bus.revokeLease('')],
    ['a lease without id', 'MESH_ERR_KEY', (bus) => bus.revokeLease(undefined as unknown as string)],
  ];

  it.each(refused)('refuses %s with %s by a rejection, and the next publish works', async (_name, code, publish) => {
    const { sender, heard } = await pair();
    const waiting = sender.publish('before');
    expect(await codeOf(publish(sender))).toBe(code);
    await world.until(Promise.all([waiting, sender.publish('after')]));
    await world.advance(10);
    expect(heard.map((event) => event.key)).toEqual(['before', 'after']);
  });

  it('takes a key of 1024 bytes', async () => {
    const { sender, heard } = await pair({ cluster: 'a cluster with a name' });
    const key = 'é'.repeat(512);
    await world.until(sender.publish(key));
    await world.advance(10);
    expect(heard.map((event) => event.key)).toEqual([key]);
  });

  it('names the limit when an event is too large', async () => {
    const { sender } = await pair();
    await expect(sender.publish('k', { data: 'x'.repeat(65_535) })).rejects.toThrow(
      'data and metadata take 65537 and 0 bytes, which is more than the 65536 that an event may have: send an id',
    );
  });

  it('never shows keys or data in its errors', async () => {
    const { sender } = await pair();
    for (const publish of [
      sender.publish('secret'.repeat(200)),
      sender.publish('secret', { data: 'secret'.repeat(20_000) }),
      sender.publish('secret\ud800'),
    ]) {
      await expect(publish).rejects.toThrow(expect.not.stringContaining('secret'));
    }
  });

  it('refuses all of what would exceed limits.pendingKeys, where there are data', async () => {
    const bus = world.bus({ limits: { pendingKeys: 3 } });
    const started = bus.start();
    const taken = bus.publish(['a', 'b'], { data: 1 });
    expect(await codeOf(bus.publish(['c', 'd'], { data: 1 }))).toBe('MESH_ERR_BACKPRESSURE');
    const third = bus.publish('c', { data: 1 });
    await expect(bus.publish('d', { metadata: { a: 'b' } })).rejects.toThrow('await earlier publishes');
    await expect(bus.publish(['d', 'e', 'f', 'g'], { data: 1 })).rejects.toThrow('publish fewer at once');
    await world.until(Promise.all([started, taken, third]));
    await world.until(bus.publish('d', { data: 1 }));
    expect(bus.metrics()).toMatchObject({ published: 4, coarsened: 0 });
  });

  it('never refuses bare keys: beyond limits.pendingKeys others get a resync that covers them', async () => {
    const { sender, receiver, heard } = await pair({ limits: { pendingKeys: 3 } });
    const resyncs: MeshResync[] = [];
    receiver.onResync((resync) => resyncs.push(resync));
    const withData = sender.publish('data', { data: 1 });
    const keys = ['a', 'b', 'c', 'd', 'e'];
    await world.until(Promise.all([withData, sender.publish(keys)]));
    await world.advance(10);
    expect(heard.map(({ key }) => key)).toEqual(['data']);
    expect(resyncs).toMatchObject([{ reason: 'overload', origin: sender.id, all: false }]);
    for (const key of keys) expect(resyncs[0]?.matches(key)).toBe(true);
    expect(resyncs[0]?.matches('another')).toBe(false);
    expect(sender.metrics()).toMatchObject({ published: 6, coarsened: 5, resyncs: 0 });
  });

  it('refuses to publish before start() and after close()', async () => {
    const bus = world.bus();
    expect(await codeOf(bus.publish('k'))).toBe('MESH_ERR_NOT_STARTED');
    await world.until(bus.start());
    const closed = bus.close();
    expect(await codeOf(bus.publish('k'))).toBe('MESH_ERR_CLOSED');
    await world.until(closed);
    expect(await codeOf(bus.publish('k'))).toBe('MESH_ERR_CLOSED');
    expect(await codeOf(bus.publishMatching('k*'))).toBe('MESH_ERR_CLOSED');
  });
});

describe('MeshBus.publish with a signal', () => {
  it('takes nothing when it has aborted', async () => {
    const { sender, heard } = await pair();
    const reason = new Error('changed my mind');
    await expect(sender.publish('k', { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    await world.advance(200);
    expect(heard).toEqual([]);
    expect(sender.metrics().published).toBe(0);
  });

  it('withdraws what waits when it aborts', async () => {
    const { sender, heard } = await pair();
    const controller = new AbortController();
    const withdrawn = sender.publish(['a', 'b'], { signal: controller.signal });
    const other = sender.publish('c');
    controller.abort(new Error('too late'));
    await expect(withdrawn).rejects.toThrow('too late');
    await world.until(other);
    await world.advance(10);
    expect(heard.map((event) => event.key)).toEqual(['c']);
  });

  it('leaves alone what others publish too', async () => {
    const { sender, heard } = await pair();
    const controller = new AbortController();
    const withdrawn = sender.publish('k', { signal: controller.signal });
    const other = sender.publish('k');
    controller.abort(new Error('too late'));
    await expect(withdrawn).rejects.toThrow('too late');
    await world.until(other);
    await world.advance(10);
    expect(heard).toHaveLength(1);
  });

  it('has no effect behind the flush, and keeps no listener on the signal', async () => {
    const { sender, heard } = await pair();
    const { signal, listeners } = countedSignal();
    const controller = signal;
    await world.until(sender.publish('k', { signal: controller.signal }));
    expect(listeners()).toBe(0);
    controller.abort();
    await world.advance(10);
    expect(heard).toHaveLength(1);
  });
});

describe('MeshBus.publishMatching', () => {
  it('reaches onMatching of others, and no subscriber of keys', async () => {
    const { sender, receiver, heard } = await pair({ zone: 'eu-1' });
    const matching: unknown[] = [];
    receiver.onMatching(({ pattern, origin, zone, sequence, matches }) => {
      matching.push({ pattern, origin, zone, sequence, yes: matches('user:42'), no: matches('order:42') });
    });
    await world.until(sender.publishMatching('user:*'));
    await world.advance(10);
    expect(matching).toEqual([
      { pattern: 'user:*', origin: sender.id, zone: 'eu-1', sequence: 1, yes: true, no: false },
    ]);
    expect(heard).toEqual([]);
  });

  it('warns once, in plain words, where nobody listens', async () => {
    const warnings: string[] = [];
    const logger = { error: () => {}, warn: (message: string) => warnings.push(message), log: () => {} };
    const sender = world.bus();
    const receiver = world.bus({ logger });
    const client = world.bus({ logger }, { role: 'client' });
    await world.until(Promise.all([sender.start(), receiver.start(), client.start()]));
    await world.until(sender.waitForPeers(2));
    await world.until(sender.publishMatching('user:*'));
    await world.until(sender.publishMatching('order:*'));
    await world.advance(10);
    expect(warnings).toEqual([expect.stringContaining('publishMatching arrived, and nothing listens')]);
    expect(warnings.join()).not.toContain('user');
  });
});

describe('MeshOptions.selfDelivery', () => {
  it('tells own subscribers each publish, once, before the network, and not within publish()', async () => {
    const [bus, other] = [world.bus({ selfDelivery: true, zone: 'z' }), world.bus()];
    await world.until(Promise.all([bus.start(), other.start()]));
    await world.until(bus.waitForPeers(1));
    const trace: string[] = [];
    world.network.onSend = (_from, bytes) => {
      if (bytes.includes('user:42')) trace.push('sent');
    };
    bus.subscribe('user:*', ({ key, sequence, origin, zone }) => {
      trace.push(`${key} ${sequence} ${zone ?? ''} ${origin === bus.id}`);
    });
    void bus.publish('user:42');
    void bus.publish('user:42');
    trace.push('published');
    await world.advance(100);
    // Once more for what might have been lost: nothing else follows that would show it.
    expect(trace).toEqual(['published', 'user:42 0 z true', 'user:42 0 z true', 'sent', 'sent']);
    expect(bus.metrics()).toMatchObject({ selfDelivered: 2, delivered: 0 });
    expect(other.metrics().delivered).toBe(1);
  });

  it('gives subscribers data of their own', async () => {
    const bus = world.bus({ selfDelivery: true });
    await world.until(bus.start());
    const heard = hear(bus);
    const data = { list: [1], when: new Date(0) };
    await world.until(bus.publish('k', { data, metadata: { a: 'b' } }));
    expect(heard[0]).toMatchObject({ data: { list: [1], when: '1970-01-01T00:00:00.000Z' }, metadata: { a: 'b' } });
    expect(heard[0]?.data).not.toBe(data);
  });

  it('tells onMatching too, and nothing that was refused', async () => {
    const bus = world.bus({ selfDelivery: true });
    const heard = hear(bus);
    expect(await codeOf(bus.publish('too early'))).toBe('MESH_ERR_NOT_STARTED');
    await world.until(bus.start());
    const patterns: string[] = [];
    bus.onMatching(({ pattern, sequence }) => patterns.push(`${pattern} ${sequence}`));
    await world.until(bus.publishMatching('user:*'));
    expect(await codeOf(bus.publish(['fine', '']))).toBe('MESH_ERR_KEY');
    await world.advance(10);
    expect({ patterns, heard }).toEqual({ patterns: ['user:* 0'], heard: [] });
  });
});

describe('MeshBus leases', () => {
  it('are keys with a prefix, in which no character is special', async () => {
    const [sender, receiver] = await world.mesh(2);
    const heard: string[] = [];
    const subscription = receiver!.subscribeLease('a*', ({ key }) => heard.push(key));
    expect(subscription.pattern).toBe('lease:a*');
    await world.until(sender!.revokeLease('a*'));
    await world.until(sender!.revokeLease('ab'));
    await world.advance(10);
    expect(heard).toEqual(['lease:a*']);
    receiver!.unsubscribeLease(subscription);
    await world.until(sender!.revokeLease('a*'));
    await world.advance(10);
    expect(heard).toHaveLength(1);
  });
});

function circle(): { x: { y: unknown } } {
  const value: { x: { y: unknown } } = { x: { y: undefined } };
  value.x.y = value;
  return value;
}

function countedSignal(): { signal: AbortController; listeners: () => number } {
  const controller = new AbortController();
  const { signal } = controller;
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  let count = 0;
  signal.addEventListener = (...args: Parameters<typeof add>) => {
    count++;
    add(...args);
  };
  signal.removeEventListener = (...args: Parameters<typeof remove>) => {
    count--;
    remove(...args);
  };
  return { signal: controller, listeners: () => count };
}
