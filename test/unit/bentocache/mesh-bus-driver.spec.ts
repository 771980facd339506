import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { BentoCache, bentostore } from 'bentocache';
import { BaseDriver } from 'bentocache/drivers/base_driver';
import { memoryDriver } from 'bentocache/drivers/memory';
import type { CreateDriverResult, GetSetFactory, L2CacheDriver } from 'bentocache/types';
import { meshBusDriver, type MeshBusDriverOptions } from '../../../lib/bentocache/mesh-bus-driver.js';
import type { MeshBus } from '../../../lib/bus/mesh-bus.js';
import type { MeshOptions } from '../../../lib/options/mesh-options.js';
import { createMemoryMesh } from '../../../lib/testing/create-memory-mesh.js';
import type { MemoryMesh } from '../../../lib/testing/memory-mesh.js';
import { codeOf, codeThrownBy } from '../../support/codes.js';

const CHANNEL = 'bentocache.notifications:main';

/** What caches share, as they would a Redis. */
class SharedDriver extends BaseDriver implements L2CacheDriver {
  type = 'l2' as const;
  readonly #held: Map<string, string>;

  constructor(held: Map<string, string>, prefix: string) {
    super({ prefix });
    this.#held = held;
  }

  namespace(name: string): SharedDriver {
    return new SharedDriver(this.#held, this.createNamespacePrefix(name));
  }

  get(key: string): Promise<string | undefined> {
    return Promise.resolve(this.#held.get(this.getItemKey(key)));
  }

  async pull(key: string): Promise<string | undefined> {
    const value = await this.get(key);
    await this.delete(key);
    return value;
  }

  set(key: string, value: string): Promise<boolean> {
    this.#held.set(this.getItemKey(key), value);
    return Promise.resolve(true);
  }

  delete(key: string): Promise<boolean> {
    return Promise.resolve(this.#held.delete(this.getItemKey(key)));
  }

  deleteMany(keys: string[]): Promise<boolean> {
    for (const key of keys) this.#held.delete(this.getItemKey(key));
    return Promise.resolve(true);
  }

  clear(): Promise<void> {
    for (const key of this.#held.keys()) if (key.startsWith(`${this.prefix}:`)) this.#held.delete(key);
    return Promise.resolve();
  }

  prune(): Promise<void> {
    return Promise.resolve();
  }

  disconnect(): Promise<void> {
    return Promise.resolve();
  }
}

function sharedBy(held: Map<string, string>): CreateDriverResult<L2CacheDriver> {
  return { options: {}, factory: ({ prefix }: { readonly prefix: string }) => new SharedDriver(held, prefix) };
}

let mesh: MemoryMesh;
const made: ReturnType<typeof makeCache>[] = [];
beforeEach(() => {
  mesh = createMemoryMesh({ seed: 5 });
});
afterEach(async () => {
  await Promise.all(made.splice(0).map((cache) => cache.disconnect()));
  await mesh.close();
});

interface CacheOptions {
  readonly driver?: Omit<MeshBusDriverOptions, 'bus'>;
  readonly prefix?: string;
  readonly shared?: Map<string, string>;
}

function makeCache(bus: MeshBus, { driver, prefix = 'bentocache', shared }: CacheOptions = {}) {
  const store = () => {
    const layered = bentostore()
      .useL1Layer(memoryDriver({ maxItems: 10_000 }))
      .useBus(meshBusDriver({ bus, ...driver }));
    return shared === undefined ? layered : layered.useL2Layer(sharedBy(shared));
  };
  return new BentoCache({ default: 'main', prefix, stores: { main: store(), other: store() } });
}

function cacheOn(bus: MeshBus, options?: CacheOptions): ReturnType<typeof makeCache> {
  const cache = makeCache(bus, options);
  // BentoCache makes a store when it is first used.
  cache.use('main');
  made.push(cache);
  return cache;
}

async function buses(count: number, options: MeshOptions = {}): Promise<MeshBus[]> {
  const all = Array.from({ length: count }, () => mesh.bus({ logger: false, ...options }));
  await Promise.all(all.map((bus) => bus.start()));
  await mesh.settled();
  return all;
}

interface Node {
  readonly bus: MeshBus;
  readonly cache: ReturnType<typeof makeCache>;
}

async function pair(options?: CacheOptions, ofBus?: MeshOptions): Promise<{ here: Node; there: Node }> {
  const [here, there] = (await buses(2, ofBus)).map((bus) => ({ bus, cache: cacheOn(bus, options) }));
  return { here: here!, there: there! };
}

type Keyed = Pick<Node['cache'], 'set' | 'get'>;

/** Set here alone: nobody is told. */
async function fill(cache: Keyed, keys: readonly string[], value: unknown = 'old'): Promise<void> {
  for (const key of keys) await cache.set({ key, value, skipBusNotify: true });
}

async function held(cache: Keyed, keys: readonly string[]): Promise<string[]> {
  const values = await Promise.all(keys.map((key) => cache.get<unknown>({ key })));
  return keys.filter((_key, index) => values[index] !== undefined);
}

const KEYS = ['a', 'b', 'c'];

describe('meshBusDriver', () => {
  const told: [name: string, act: (cache: Node['cache']) => Promise<unknown>, left: string[]][] = [
    ['delete', (cache) => cache.delete({ key: 'a' }), ['b', 'c']],
    ['deleteMany', (cache) => cache.deleteMany({ keys: ['a', 'b'] }), ['c']],
    ['pull', (cache) => cache.pull('a'), ['b', 'c']],
    ['expire', (cache) => cache.expire({ key: 'a' }), ['b', 'c']],
    ['set', (cache) => cache.set({ key: 'a', value: 'new' }), ['b', 'c']],
    ['clear', (cache) => cache.clear(), []],
    ['a delete of a key with the characters of a glob', (cache) => cache.delete({ key: '*' }), ['a', 'b', 'c']],
  ];

  it.each(told)('tells all others of %s', async (_name, act, left) => {
    const [here, ...others] = (await buses(3)).map((bus) => cacheOn(bus));
    for (const cache of [here!, ...others]) await fill(cache, KEYS);
    await act(here!);
    await mesh.settled();
    for (const other of others) expect(await held(other, KEYS)).toEqual(left);
  });

  it.each([true, false])('never tells itself, with selfDelivery: %s', async (selfDelivery) => {
    const { here, there } = await pair({}, { selfDelivery });
    const received: unknown[] = [];
    here.cache.on('bus:message:received', (message) => received.push(message));
    await fill(there.cache, ['a']);
    await here.cache.set({ key: 'a', value: 'new' });
    await here.cache.clear();
    await here.cache.set({ key: 'a', value: 'newer' });
    await mesh.settled();
    expect(received.filter((message) => JSON.stringify(message) !== '{"message":{"keys":[],"type":"clear"}}')).toEqual(
      [],
    );
    expect(await held(here.cache, ['a'])).toEqual(['a']);
    expect(await held(there.cache, ['a'])).toEqual([]);
  });

  it('keeps namespaces and stores apart', async () => {
    const { here, there } = await pair();
    const [users, more] = [there.cache.namespace('users'), there.cache.namespace('users').namespace('more')];
    for (const cache of [there.cache, users, more, there.cache.use('other')]) await fill(cache, ['a', 'b']);
    await here.cache.namespace('users').delete({ key: 'a' });
    await here.cache.namespace('unknown there').clear();
    await mesh.settled();
    const left = async () =>
      Promise.all([there.cache, users, more, there.cache.use('other')].map((cache) => held(cache, ['a', 'b'])));
    expect(await left()).toEqual([['a', 'b'], ['b'], ['a', 'b'], ['a', 'b']]);
    await here.cache.namespace('users').clear();
    await mesh.settled();
    expect(await left()).toEqual([['a', 'b'], [], [], ['a', 'b']]);
    await here.cache.clear();
    await mesh.settled();
    expect(await left()).toEqual([[], [], [], ['a', 'b']]);
  });

  it.each([true, false])('tells of tags, also where no L2 keeps them: with one: %s', async (hasL2) => {
    const { here, there } = await pair(hasL2 ? { shared: new Map() } : {});
    for (const { cache } of [here, there]) {
      await cache.set({ key: 'tagged', value: 1, tags: ['t'], skipBusNotify: true });
      await cache.set({ key: 'plain', value: 1, skipBusNotify: true });
      // It is known of the tag that it is valid.
      expect(await held(cache, ['tagged', 'plain'])).toEqual(['tagged', 'plain']);
    }
    await here.cache.deleteByTag({ tags: ['t'] });
    await mesh.settled();
    expect(await held(there.cache, ['tagged'])).toEqual([]);
    expect(await held(here.cache, ['tagged', 'plain'])).toEqual(['plain']);
    expect(await held(there.cache, ['plain'])).toEqual(hasL2 ? ['plain'] : []);
  });
});

describe('meshBusDriver and loss', () => {
  it('tells again what was lost', async () => {
    const { here, there } = await pair();
    await fill(there.cache, KEYS);
    const loss = mesh.lose(1);
    await here.cache.delete({ key: 'a' });
    await here.cache.delete({ key: 'b' });
    await mesh.settled();
    expect([loss.count, there.bus.metrics().resyncs]).toEqual([1, 0]);
    expect(await held(there.cache, KEYS)).toEqual(['c']);
  });

  it('drops everything where what was lost can not be told again', async () => {
    const { here, there } = await pair();
    const users = there.cache.namespace('users');
    for (const cache of [there.cache, users, there.cache.use('other')]) await fill(cache, KEYS);
    const loss = mesh.lose(Infinity);
    await here.cache.delete({ key: 'a' });
    await mesh.settled();
    expect(loss.count).toBeGreaterThan(0);
    expect(there.bus.metrics().resyncs).toBeGreaterThan(0);
    for (const cache of [there.cache, users]) expect(await held(cache, KEYS)).toEqual([]);
  });

  it('drops nothing for a resync of other keys', async () => {
    const { there } = await pair();
    await fill(there.cache, KEYS);
    mesh.resync({ keys: ['another key'], buses: [there.bus] });
    expect(await held(there.cache, KEYS)).toEqual(KEYS);
    mesh.resync({ keys: [CHANNEL], buses: [there.bus] });
    expect(await held(there.cache, KEYS)).toEqual([]);
    await fill(there.cache, KEYS);
    mesh.resync({ buses: [there.bus] });
    expect(await held(there.cache, KEYS)).toEqual([]);
  });

  it('drops everything when the bus becomes ready, and when it closes', async () => {
    const bus = mesh.bus({ logger: false });
    const cache = cacheOn(bus);
    await fill(cache, KEYS);
    await bus.start();
    expect(await held(cache, KEYS)).toEqual([]);
    await fill(cache, KEYS);
    await bus.close();
    expect(await held(cache, KEYS)).toEqual([]);
  });

  it('tells of what was deleted before the bus was started', async () => {
    const [there] = await buses(1);
    const other = cacheOn(there!);
    await fill(other, KEYS);
    const bus = mesh.bus({ logger: false });
    const cache = cacheOn(bus);
    await cache.delete({ key: 'a' });
    await mesh.settled();
    expect(await held(other, KEYS)).toEqual(KEYS);
    await bus.start();
    await mesh.settled();
    expect(await held(other, KEYS)).toEqual([]);
  });

  it('says that it can not tell when the bus is closed', async () => {
    const { here } = await pair();
    await here.bus.close();
    const { factory } = meshBusDriver({ bus: here.bus });
    expect(await codeOf(factory().publish(CHANNEL, { type: 'delete', keys: ['a'] }))).toBe('MESH_ERR_CLOSED');
    await here.cache.delete({ key: 'a' });
  });
});

describe('meshBusDriver and long messages', () => {
  it('splits what no event holds', async () => {
    const { here, there } = await pair();
    const keys = Array.from({ length: 2000 }, (_, index) => `user:${index}:${'é'.repeat(50)}`);
    await fill(there.cache, [...keys, 'other']);
    const heard = new Set<string>();
    let count = 0;
    there.bus.subscribe(CHANNEL, ({ data }) => {
      count++;
      for (const key of (data as { keys: string[] }).keys) heard.add(key);
    });
    await here.cache.deleteMany({ keys });
    await mesh.settled();
    expect([count, heard.size]).toEqual([4, 2000]);
    expect(await held(there.cache, [...keys, 'other'])).toEqual(['other']);
  });

  it('lets others drop everything for one key that is too long', async () => {
    const { here, there } = await pair();
    await fill(there.cache, KEYS);
    await here.cache.deleteMany({ keys: ['x'.repeat(70_000)] });
    await mesh.settled();
    expect(await held(there.cache, KEYS)).toEqual([]);
  });

  it('lets others drop everything where more is to be told than can wait', async () => {
    const { here, there } = await pair({}, { limits: { pendingKeys: 2 } });
    await fill(there.cache, KEYS);
    const keys = Array.from({ length: 2000 }, (_, index) => `user:${index}`);
    await here.cache.deleteMany({ keys });
    await mesh.settled();
    expect(await held(there.cache, KEYS)).toEqual([]);
  });
});

describe('meshBusDriver and what it can not read', () => {
  const odd: [name: string, data: unknown][] = [
    ['no data', undefined],
    ['null', null],
    ['a text', 'delete'],
    ['a list', [{ type: 'delete', keys: ['a'] }]],
    ['a type that it does not know', { type: 'rename', keys: ['a'], namespace: 'bentocache' }],
    ['keys that are no list', { type: 'delete', keys: 'a', namespace: 'bentocache' }],
    ['a key that is no text', { type: 'delete', keys: ['a', 42], namespace: 'bentocache' }],
    ['a namespace that is no text', { type: 'delete', keys: ['a'], namespace: {} }],
  ];

  it.each(odd)('drops everything for %s', async (_name, data) => {
    const { here, there } = await pair();
    await fill(there.cache, KEYS);
    await here.bus.publish(CHANNEL, { data });
    await mesh.settled();
    expect(await held(there.cache, KEYS)).toEqual([]);
    expect(there.bus.metrics().handlerFailures).toBe(0);
  });

  it('drops everything for a glob that covers its channel', async () => {
    const { here, there } = await pair();
    await fill(there.cache, KEYS);
    await here.bus.publishMatching('bentocache.other*');
    await mesh.settled();
    expect(await held(there.cache, KEYS)).toEqual(KEYS);
    await here.bus.publishMatching('bentocache.*');
    await mesh.settled();
    expect(await held(there.cache, KEYS)).toEqual([]);
  });
});

describe('meshBusDriver and its options', () => {
  it('keeps what is set by the call that makes the store', async () => {
    const [bus] = await buses(1);
    const cache = makeCache(bus!);
    made.push(cache);
    await cache.set({ key: 'a', value: 1 });
    expect(await held(cache, ['a'])).toEqual(['a']);
  });

  it('needs a bus, and a prefix', () => {
    const bus = mesh.bus();
    for (const wrong of [undefined, {}, 'bus'])
      expect(codeThrownBy(() => meshBusDriver({ bus: wrong as unknown as MeshBus }))).toBe('MESH_ERR_ARGUMENT');
    for (const prefix of ['', ':'])
      expect(codeThrownBy(() => meshBusDriver({ bus, prefix }))).toBe('MESH_ERR_ARGUMENT');
  });

  it.each([{}, { prefix: 'another' }])('warns where BentoCache has another prefix: %p', async (driver) => {
    const lines: string[] = [];
    const log = (line: string): number => lines.push(line);
    const bus = mesh.bus({ logger: { error: log, warn: log, log: () => undefined, debug: () => undefined } });
    cacheOn(bus, { prefix: 'shop', driver });
    await bus.start();
    const prefix = driver.prefix ?? 'bentocache';
    expect(lines).toEqual([expect.stringContaining(`no L1 under the prefix "${prefix}"`)]);
  });

  it('drops everything under a prefix of its own', async () => {
    const lines: string[] = [];
    const log = (line: string): number => lines.push(line);
    const bus = mesh.bus({ logger: { error: log, warn: log, log: () => undefined, debug: () => undefined } });
    const cache = cacheOn(bus, { prefix: 'shop:', driver: { prefix: 'shop:' } });
    await bus.start();
    for (const one of [cache, cache.namespace('users')]) await fill(one, KEYS);
    mesh.resync();
    for (const one of [cache, cache.namespace('users')]) expect(await held(one, KEYS)).toEqual([]);
    expect(lines).toEqual([]);
  });

  it('publishes under the channel that it is given, literally', async () => {
    const [one, two, three] = await buses(3);
    const here = cacheOn(one!, { driver: { channel: 'cache[1]*' } });
    const there = cacheOn(two!, { driver: { channel: 'cache[1]*' } });
    const apart = cacheOn(three!, { driver: { channel: 'cache1' } });
    for (const cache of [there, apart]) await fill(cache, KEYS);
    await here.delete({ key: 'a' });
    await one!.publish('cache1x');
    await mesh.settled();
    expect([await held(there, KEYS), await held(apart, KEYS)]).toEqual([['b', 'c'], KEYS]);
  });

  it('lets one store alone have a channel of a bus, until it disconnects', async () => {
    const [bus] = await buses(1);
    const first = cacheOn(bus!);
    expect(codeThrownBy(() => cacheOn(bus!))).toBe('MESH_ERR_ARGUMENT');
    cacheOn(bus!, { driver: { channel: 'another' } });
    await first.disconnect();
    const second = cacheOn(bus!);
    await fill(second, KEYS);
    mesh.resync();
    expect(await held(second, KEYS)).toEqual([]);
  });

  it('is refused by a bus that is closed, and with a channel that is no key', async () => {
    const [bus, closed] = await buses(2);
    await closed!.close();
    expect(codeThrownBy(() => cacheOn(closed!))).toBe('MESH_ERR_CLOSED');
    for (const channel of ['', 'c'.repeat(1025)])
      expect(codeThrownBy(() => cacheOn(bus!, { driver: { channel } }))).toBe('MESH_ERR_KEY');
  });

  it('hears nothing more once it is disconnected', async () => {
    const { here, there } = await pair();
    await there.cache.disconnect();
    await fill(there.cache, KEYS);
    await here.cache.clear();
    await mesh.settled();
    mesh.resync();
    expect(await held(there.cache, KEYS)).toEqual(KEYS);
  });
});

describe('getOrSet beside an invalidation', () => {
  /** A factory that has read before somebody writes, and returns behind that. */
  async function overtaken(
    guard: (bus: MeshBus) => (load: GetSetFactory<string>) => GetSetFactory<string>,
  ): Promise<Node> {
    const { here, there } = await pair({});
    let finish = (_value: string): void => undefined;
    const load = (): Promise<string> => new Promise((resolve) => (finish = resolve));
    const loading = there.cache.getOrSet({ key: 'a', factory: guard(there.bus)(load), skipBusNotify: true });
    await mesh.settled();
    await here.cache.delete({ key: 'a' });
    await mesh.settled();
    finish('old');
    expect(await loading).toBe('old');
    return there;
  }

  it('keeps what it had loaded before, as BentoCache has no fence', async () => {
    const { cache } = await overtaken(() => (load) => load);
    expect(await cache.get({ key: 'a' })).toBe('old');
  });

  it('keeps nothing with a fence of the channel in the factory', async () => {
    const { bus, cache } = await overtaken((ofBus) => (load) => async (context) => {
      const fence = ofBus.fence(CHANNEL);
      const value = await load(context);
      if (!fence.isCurrent()) context.setOptions({ ttl: -1, skipBusNotify: true });
      return value;
    });
    expect(await cache.get({ key: 'a' })).toBeUndefined();
    const factory: GetSetFactory<string> = (context) => {
      const fence = bus.fence(CHANNEL);
      if (!fence.isCurrent()) context.setOptions({ ttl: -1, skipBusNotify: true });
      return 'new';
    };
    expect(await cache.getOrSet({ key: 'a', factory, skipBusNotify: true })).toBe('new');
    expect(await cache.get({ key: 'a' })).toBe('new');
  });

  it('expires the copies of all others where there is no L2, unless it is told not to', async () => {
    const { here, there } = await pair();
    await fill(there.cache, KEYS);
    await here.cache.getOrSet({ key: 'a', factory: () => 'same', skipBusNotify: true });
    await mesh.settled();
    expect(await held(there.cache, KEYS)).toEqual(KEYS);
    await here.cache.getOrSet({ key: 'b', factory: () => 'same' });
    await mesh.settled();
    expect(await held(there.cache, KEYS)).toEqual(['a', 'c']);
  });

  it('asks the L2 where there is one', async () => {
    const { here, there } = await pair({ shared: new Map() });
    await here.cache.getOrSet({ key: 'a', factory: () => 'first' });
    await mesh.settled();
    const factory = (): string => 'not asked';
    expect(await there.cache.getOrSet({ key: 'a', factory })).toBe('first');
    await here.cache.set({ key: 'a', value: 'second' });
    await mesh.settled();
    expect(await there.cache.getOrSet({ key: 'a', factory })).toBe('second');
  });
});
