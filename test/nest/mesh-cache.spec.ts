import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Keyv } from 'keyv';
import { deferred } from '../../lib/bus/deferred.js';
import { codeOf } from '../support/codes.js';
import { CachingWorld, heldBy, type Instance, type InstanceOptions } from './support/caching.js';
import { SharedServer, type SharedStore } from './support/shared-store.js';

let world: CachingWorld;

beforeEach(() => {
  world = new CachingWorld();
});
afterEach(() => world.close());

describe('MeshCache.wrap', () => {
  it('loads once for all who ask meanwhile, and keeps it until it is invalidated', async () => {
    const [a, b] = await world.two();
    let loads = 0;
    const read = (): Promise<number> => a.mesh.wrap('1', async () => Promise.resolve(++loads));
    expect(await Promise.all([read(), read(), read()])).toEqual([1, 1, 1]);
    expect(await read()).toBe(1);
    await b.mesh.invalidate('1');
    await world.network.settled();
    expect(await read()).toBe(2);
    expect(a.mesh.stats()).toMatchObject({ hits: 1, misses: 2, joined: 2, invalidated: 1, overtaken: 0 });
  });

  it('gives what was overtaken to those who had asked, and loads anew for those who ask behind it', async () => {
    const [a, b] = await world.two();
    const [old, newer] = [deferred<string>(), deferred<string>()];
    const first = a.mesh.wrap('1', () => old.promise);
    const joined = a.mesh.wrap('1', () => 'never');
    await world.network.settled();
    await b.mesh.invalidate('1');
    await world.network.settled();
    const behind = a.mesh.wrap('1', () => newer.promise);
    const joinedBehind = a.mesh.wrap('1', () => 'never');
    newer.resolve('new');
    expect(await Promise.all([behind, joinedBehind])).toEqual(['new', 'new']);
    old.resolve('old');
    expect(await Promise.all([first, joined])).toEqual(['old', 'old']);
    expect(await heldBy(a, ['1'])).toEqual(['new']);
    expect(a.mesh.stats()).toMatchObject({ misses: 2, joined: 2, overtaken: 1 });
  });

  it('is overtaken by own invalidations too', async () => {
    const [a] = await world.two();
    const old = deferred<string>();
    const first = a.mesh.wrap('1', () => old.promise);
    await world.network.settled();
    const invalidated = a.mesh.invalidate('1');
    old.resolve('old');
    expect(await first).toBe('old');
    await invalidated;
    expect(await heldBy(a, ['1'])).toEqual([undefined]);
  });

  it('is overtaken by a glob, a tag, a resync and clear', async () => {
    const [a, b] = await world.two();
    const overtake: (() => Promise<void>)[] = [
      () => b.mesh.invalidateMatching('us[e]r:*'),
      () => b.mesh.invalidateTag('users'),
      () => b.mesh.clear(),
      async () => {
        world.network.resync({ keys: ['invalidate:user:1'] });
        await Promise.resolve();
      },
    ];
    for (const act of overtake) {
      const old = deferred<string>();
      const first = a.mesh.wrap('user:1', () => old.promise, { tags: ['users'] });
      await world.network.settled();
      await act();
      await world.network.settled();
      old.resolve('old');
      expect(await first).toBe('old');
      expect(await heldBy(a, ['user:1'])).toEqual([undefined]);
    }
    expect(a.mesh.stats().overtaken).toBe(overtake.length);
  });

  it('hands on what a loader throws, to all who wait, and tries again', async () => {
    const [a] = await world.two();
    const failure = new Error('the database is gone');
    const failing = (): never => {
      throw failure;
    };
    const outcomes = await Promise.allSettled([a.mesh.wrap('1', failing), a.mesh.wrap('1', failing)]);
    expect(outcomes).toEqual([
      { status: 'rejected', reason: failure },
      { status: 'rejected', reason: failure },
    ]);
    await expect(a.mesh.wrap('1', () => Promise.reject(failure))).rejects.toBe(failure);
    expect(await a.mesh.wrap('1', () => 'one')).toBe('one');
    expect(a.mesh.stats()).toMatchObject({ loadFailures: 2, misses: 3 });
  });

  it('gives up a loader that never returns', async () => {
    const a = await world.instance({ loadTimeout: 1 });
    expect(await codeOf(a.mesh.wrap('1', () => new Promise(() => undefined)))).toBe('MESH_ERR_TIMEOUT');
    expect(await a.mesh.wrap('1', () => 'one')).toBe('one');
    expect(a.mesh.stats().loadFailures).toBe(1);
  });

  it('does not let a loader that never returns stand in the way of those behind an invalidation', async () => {
    const [a, b] = await world.two(() => ({ loadTimeout: 500 }));
    const hanging = codeOf(a.mesh.wrap('1', () => new Promise(() => undefined)));
    await world.network.settled();
    await b.mesh.invalidate('1');
    await world.network.settled();
    expect(await a.mesh.wrap('1', () => 'new')).toBe('new');
    expect(await hanging).toBe('MESH_ERR_TIMEOUT');
  });

  it('keeps null and what is false, and not undefined', async () => {
    const [a] = await world.two();
    for (const value of [null, false, 0, '', undefined]) {
      let loads = 0;
      const key = `key:${String(value)}`;
      const read = (): Promise<unknown> =>
        a.mesh.wrap<unknown>(key, () => {
          loads++;
          return value;
        });
      expect([await read(), await read(), loads]).toEqual([value, value, value === undefined ? 2 : 1]);
    }
  });

  it('takes undefined that cache-manager has kept for nothing, as cache-manager does', async () => {
    const [a] = await world.two();
    await a.cache.set('1', undefined);
    expect(await a.mesh.wrap('1', () => 'loaded')).toBe('loaded');
    expect(await heldBy(a, ['1'])).toEqual(['loaded']);
  });

  it('takes a time to live, and 0 for one without end', async () => {
    const [a] = await world.two(() => ({ register: { ttl: 1 } }));
    await a.mesh.wrap('ever', () => 'one', 0);
    await a.mesh.wrap('long', () => 'one', { ttl: 60_000 });
    await a.mesh.wrap('short', () => 'one');
    await pastMilliseconds(1);
    expect(await heldBy(a, ['ever', 'long', 'short'])).toEqual(['one', 'one', undefined]);
  });

  const wrong: [name: string, call: (one: Instance) => Promise<unknown>, code: string][] = [
    ['an empty key', ({ mesh }) => mesh.wrap('', () => 1), 'MESH_ERR_KEY'],
    ['a key that is too long', ({ mesh }) => mesh.wrap('k'.repeat(1020), () => 1), 'MESH_ERR_KEY'],
    ['a key that is no text', ({ mesh }) => mesh.wrap(7 as unknown as string, () => 1), 'MESH_ERR_KEY'],
    ['an empty tag', ({ mesh }) => mesh.wrap('1', () => 1, { tags: [''] }), 'MESH_ERR_KEY'],
    ['a time to live below zero', ({ mesh }) => mesh.wrap('1', () => 1, -1), 'MESH_ERR_ARGUMENT'],
    ['a time to live that is none', ({ mesh }) => mesh.wrap('1', () => 1, { ttl: Number.NaN }), 'MESH_ERR_ARGUMENT'],
    ['options that are none', ({ mesh }) => mesh.wrap('1', () => 1, null as never), 'MESH_ERR_ARGUMENT'],
    ['a time to live in words', ({ mesh }) => mesh.wrap('1', () => 1, '60s' as never), 'MESH_ERR_ARGUMENT'],
    ['tags that are a text', ({ mesh }) => mesh.wrap('1', () => 1, { tags: 'x' as never }), 'MESH_ERR_ARGUMENT'],
    ['a put of undefined', ({ mesh }) => mesh.put('1', undefined), 'MESH_ERR_ARGUMENT'],
    ['one wrong key of several', ({ mesh }) => mesh.invalidate(['1', '']), 'MESH_ERR_KEY'],
    ['one of several that is too long', ({ mesh }) => mesh.invalidate(['1', 'k'.repeat(1020)]), 'MESH_ERR_KEY'],
    ['an empty glob', ({ mesh }) => mesh.invalidateMatching(''), 'MESH_ERR_PATTERN'],
    ['a lone surrogate', ({ mesh }) => mesh.invalidateTag('\ud800'), 'MESH_ERR_KEY'],
  ];

  it.each(wrong)('refuses %s', async (_name, call, code) => {
    const [a, b] = await world.two();
    await Promise.all([a, b].map(async ({ cache }) => cache.set('1', 'one')));
    expect(await codeOf(call(a))).toBe(code);
    await world.network.settled();
    expect([await heldBy(a, ['1']), await heldBy(b, ['1'])]).toEqual([['one'], ['one']]);
  });
});

describe('MeshCache', () => {
  it('puts a value here, and drops those of others', async () => {
    const [a, b] = await world.two();
    await b.mesh.wrap('1', () => 'old');
    await a.mesh.put('1', 'new', { ttl: 60_000, tags: ['x'] });
    await world.network.settled();
    expect([await heldBy(a, ['1']), await heldBy(b, ['1'])]).toEqual([['new'], [undefined]]);
    await b.mesh.invalidateTag('x');
    await world.network.settled();
    expect(await heldBy(a, ['1'])).toEqual([undefined]);
  });

  it('puts a value for as long as the cache keeps one', async () => {
    const [a] = await world.two(() => ({ register: { ttl: 1 } }));
    await a.mesh.put('short', 'one');
    await a.mesh.put('long', 'one', 60_000);
    await pastMilliseconds(1);
    expect(await heldBy(a, ['short', 'long'])).toEqual([undefined, 'one']);
  });

  it('knows the tags of what is stored while many others are', async () => {
    const [a, b] = await world.two();
    for (let index = 0; index < 999; index++) await a.mesh.wrap(`many:${index}`, () => 'old', { tags: ['x'] });
    const keys = ['1', '2', '3', '4'];
    await Promise.all(keys.map((key) => a.mesh.wrap(key, async () => Promise.resolve('old'), { tags: ['y'] })));
    await b.mesh.invalidateTag('y');
    await world.network.settled();
    expect(await heldBy(a, keys)).toEqual([undefined, undefined, undefined, undefined]);
    expect(a.mesh.stats().swept).toBe(4);
  });

  it('counts what was dropped because somebody said so', async () => {
    const [a, b] = await world.two();
    expect([a.mesh.stats().cleared, b.mesh.stats().cleared]).toEqual([0, 0]);
    await a.mesh.clear();
    await world.network.settled();
    expect([a.mesh.stats().cleared, b.mesh.stats().cleared]).toEqual([1, 1]);
  });

  it('keeps none of two values that are put at once', async () => {
    const [a, b] = await world.two();
    await Promise.all([a.mesh.put('1', 'of a'), b.mesh.put('1', 'of b')]);
    await world.network.settled();
    expect([await heldBy(a, ['1']), await heldBy(b, ['1'])]).toEqual([[undefined], [undefined]]);
  });

  it('overtakes what is loading where it puts', async () => {
    const [a] = await world.two();
    const old = deferred<string>();
    const loading = a.mesh.wrap('1', () => old.promise);
    await world.network.settled();
    await a.mesh.put('1', 'new');
    old.resolve('old');
    await loading;
    expect(await heldBy(a, ['1'])).toEqual(['new']);
  });

  it('invalidates by tags, those of one key and of several', async () => {
    const [a, b] = await world.two();
    for (const { mesh } of [a, b]) {
      await mesh.wrap('1', () => 'old', { tags: ['user:42', 'x'] });
      await mesh.wrap('2', () => 'old', { tags: ['x'] });
      await mesh.wrap('3', () => 'old', { tags: ['y'] });
    }
    await a.mesh.invalidateTag('user:42');
    await world.network.settled();
    for (const one of [a, b]) expect(await heldBy(one, ['1', '2', '3'])).toEqual([undefined, 'old', 'old']);
    await b.mesh.invalidateTag(['x', 'y']);
    await world.network.settled();
    for (const one of [a, b]) expect(await heldBy(one, ['1', '2', '3'])).toEqual([undefined, undefined, undefined]);
  });

  it('drops what a tag covers whose invalidation may have been missed', async () => {
    const [a] = await world.two();
    await a.mesh.wrap('1', () => 'old', { tags: ['user:42'] });
    await a.mesh.wrap('2', () => 'old', { tags: ['user:43'] });
    world.network.resync({ reason: 'gap', keys: ['invalidate-tag:user:42'] });
    expect(await heldBy(a, ['1', '2'])).toEqual([undefined, 'old']);
  });

  it('waits for others where it is asked to', async () => {
    const [a, b] = await world.two();
    await b.cache.set('1', 'old');
    await a.mesh.invalidate(['1', '2'], { await: 'all' });
    expect(await heldBy(b, ['1'])).toEqual([undefined]);
    expect(await codeOf(a.mesh.invalidate('1', { await: 2 }))).toBe('MESH_ERR_QUORUM_NOT_SATISFIED');
    expect(await codeOf(a.mesh.invalidateTag('x', { await: 2 }))).toBe('MESH_ERR_QUORUM_NOT_SATISFIED');
  });

  it('takes keys literally, and globs as globs', async () => {
    const [a, b] = await world.two();
    const keys = ['user:1', 'user:2', 'user:*', 'order:1'];
    for (const one of [a, b]) for (const key of keys) await one.cache.set(key, key);
    await a.mesh.invalidate('user:*');
    await world.network.settled();
    for (const one of [a, b]) expect(await heldBy(one, keys)).toEqual(['user:1', 'user:2', undefined, 'order:1']);
    await a.mesh.invalidateMatching('user:[1-9]');
    await world.network.settled();
    for (const one of [a, b]) expect(await heldBy(one, keys)).toEqual([undefined, undefined, undefined, 'order:1']);
    await b.mesh.clear();
    await world.network.settled();
    for (const one of [a, b]) expect(await heldBy(one, keys)).toEqual([undefined, undefined, undefined, undefined]);
  });
});

/** Keyv knows no clock but that of the machine, and has no event for what ends. */
async function pastMilliseconds(ms: number): Promise<void> {
  const end = Date.now() + ms;
  while (Date.now() <= end) await new Promise(setImmediate);
}

describe('a level that is shared', () => {
  let server: SharedServer;
  beforeEach(() => {
    server = new SharedServer();
  });

  const levels = (store = server.connect()): InstanceOptions => ({
    register: { stores: [new Keyv({ store: new Map() }), new Keyv({ store, namespace: 'shop' })] },
  });

  it('is deleted from once, by whoever invalidates', async () => {
    const [a, b] = [await world.instance(levels()), await world.instance(levels())];
    const c = await world.instance(levels());
    await world.network.settled();
    server.entries.set('shop:1', { value: 'one' });
    for (const { mesh } of [a, b, c]) expect(await mesh.wrap('1', () => 'loaded')).toBe('one');
    await a.cache.del('1');
    await world.network.settled();
    expect([server.deletions, server.entries.size]).toEqual([1, 0]);
    for (const { mesh } of [a, b, c]) expect(await mesh.wrap('1', () => 'new')).toBe('new');
    expect(server.entries.size).toBe(1);
  });

  it('is left alone by a resync', async () => {
    const a = await world.instance(levels());
    server.entries.set('shop:1', { value: 'one' });
    await a.mesh.wrap('1', () => 'loaded');
    world.network.resync({ reason: 'gap' });
    expect([server.deletions, server.entries.size]).toEqual([0, 1]);
  });

  it('is deleted from before others are told, also by a cache that does not block', async () => {
    const store = server.connect();
    const deleting = deferred();
    store.beforeDelete = () => deleting.promise;
    const a = await world.instance({ register: { ...levels(store).register, nonBlocking: true } });
    const b = await world.instance(levels());
    await world.network.settled();
    await b.mesh.wrap('1', () => 'old');
    const deleted = a.cache.del('1');
    await world.network.settled();
    expect(b.mesh.stats().invalidated).toBe(0);
    deleting.resolve();
    await deleted;
    await world.network.settled();
    expect([b.mesh.stats().invalidated, server.entries.size]).toEqual([1, 0]);
  });

  const loads: [name: string, load: (one: Instance, loader: () => Promise<string>) => Promise<unknown>][] = [
    ['MeshCache.wrap', ({ mesh }, loader) => mesh.wrap('1', loader)],
    ['wrap of cache-manager', ({ cache }, loader) => cache.wrap('1', loader)],
    ['get and set', async ({ cache }, loader) => (await cache.get('1')) ?? (await cache.set('1', await loader()))],
  ];

  it.each(loads)('gets nothing that was overtaken, by %s', async (_name, load) => {
    const [a, b] = await world.two(() => levels());
    const old = deferred<string>();
    const loading = load(b, () => old.promise);
    await world.network.settled();
    await a.cache.del('1');
    await world.network.settled();
    old.resolve('old');
    expect(await loading).toBe('old');
    expect([server.entries.size, await heldBy(b, ['1'])]).toEqual([0, [undefined]]);
  });

  it.each(loads)('keeps nothing that was set behind a deletion whose word comes later, by %s', async (_name, load) => {
    const [a, b] = await world.two(() => levels());
    const old = deferred<string>();
    const loading = load(b, () => old.promise);
    await world.network.settled();
    // The word is under way for a while.
    const heal = world.network.partition([a.bus], [b.bus]);
    await a.cache.del('1');
    old.resolve('old');
    await loading;
    expect(server.entries.get('shop:1')).toBeDefined();
    heal();
    await world.network.settled();
    expect([server.entries.get('shop:1'), await heldBy(b, ['1'])]).toEqual([undefined, [undefined]]);
  });

  it('gives what is copied into memory as much time as it has left', async () => {
    const [a] = await world.two(() => levels());
    server.entries.set('shop:1', { value: 'one', expires: Date.now() + 60_000 });
    server.entries.set('shop:2', { value: 'two', expires: Date.now() - 1 });
    expect(await a.mesh.wrap('1', () => 'loaded')).toBe('one');
    expect(await a.mesh.wrap('2', () => 'loaded')).toBe('loaded');
    server.entries.clear();
    expect(await heldBy(a, ['1'])).toEqual(['one']);
  });

  it('does not copy into memory what was invalidated while it was read', async () => {
    const store = server.connect();
    const reading = deferred();
    const [a, b] = [await world.instance(levels()), await world.instance(levels(store))];
    await world.network.settled();
    server.entries.set('shop:1', { value: 'old' });
    store.beforeGet = () => reading.promise;
    const read = b.mesh.wrap('1', () => 'loaded');
    await world.network.settled();
    await a.cache.del('1');
    await world.network.settled();
    reading.resolve();
    expect(await read).toBe('old');
    expect(await heldBy(b, ['1'])).toEqual([undefined]);
  });

  it('holds what was put before others look there, and not what was put behind another write', async () => {
    const store = server.connect();
    const [a, b] = [await world.instance(levels(store)), await world.instance(levels())];
    await world.network.settled();
    server.entries.set('shop:1', { value: 'old' });
    expect(await b.mesh.wrap('1', () => 'loaded')).toBe('old');
    await a.mesh.put('1', 'new');
    await world.network.settled();
    expect(await b.mesh.wrap('1', () => 'loaded')).toBe('new');
    const setting = deferred();
    store.beforeSet = () => setting.promise;
    const put = a.mesh.put('1', 'newer');
    await world.network.settled();
    await b.mesh.invalidate('1');
    await world.network.settled();
    setting.resolve();
    await put;
    await world.network.settled();
    expect([server.entries.size, await heldBy(a, ['1']), await heldBy(b, ['1'])]).toEqual([
      0,
      [undefined],
      [undefined],
    ]);
  });

  it('keeps what is put for as long as the cache keeps one, in all levels', async () => {
    const { stores } = levels().register!;
    const [a] = await world.two(() => ({ register: { stores: stores!, ttl: 60_000 } }));
    await a.mesh.put('1', 'one');
    await a.mesh.wrap('2', () => 'two', { tags: ['x'] });
    // As Keyv writes it.
    const { expires } = JSON.parse(String(server.entries.get('shop:1'))) as { expires: number };
    expect(expires).toBeGreaterThan(Date.now());
    const local = stores![0] as Keyv;
    for (const key of ['1', '2']) {
      const held = (await local.get(key, { raw: true })) as { expires?: number } | undefined;
      expect(held?.expires).toBeGreaterThan(Date.now());
    }
  });

  const invalidations: [name: string, act: (one: Instance) => Promise<unknown>][] = [
    ['invalidate', ({ mesh }) => mesh.invalidate('1')],
    ['invalidateMatching', ({ mesh }) => mesh.invalidateMatching('*')],
    ['clear', ({ mesh }) => mesh.clear()],
    ['put', ({ mesh }) => mesh.put('1', 'new')],
    ['del', ({ cache }) => cache.del('1')],
  ];

  it.each(invalidations)('has the others told where it fails, by %s', async (_name, act) => {
    const failure = new Error('the server is gone');
    const failing = server.connect();
    const stores = [
      new Keyv({ store: new Map() }),
      new Keyv({ store: failing, namespace: 'shop', throwOnErrors: true }),
    ];
    const [a, b] = [await world.instance({ register: { stores } }), await world.instance(levels())];
    await world.network.settled();
    server.entries.set('shop:1', { value: 'old' });
    expect(await b.mesh.wrap('1', () => 'loaded')).toBe('old');
    const fail = (): Promise<void> => Promise.reject(failure);
    Object.assign(failing, { beforeDelete: fail, beforeSet: fail, clear: fail });
    await expect(act(a)).rejects.toBe(failure);
    await world.network.settled();
    expect(b.mesh.stats().invalidated + b.mesh.stats().swept + b.mesh.stats().cleared).toBe(1);
  });

  it('gets nothing that was overtaken while a cache that does not block stored it', async () => {
    const store = server.connect();
    const setting = deferred();
    const a = await world.instance(levels());
    const b = await world.instance({ register: { ...levels(store).register, nonBlocking: true } });
    await world.network.settled();
    store.beforeSet = () => setting.promise;
    const set = b.cache.set('1', 'old');
    await world.network.settled();
    await a.cache.del('1');
    await world.network.settled();
    setting.resolve();
    await set;
    expect([server.entries.size, await heldBy(b, ['1'])]).toEqual([0, [undefined]]);
  });

  it('holds nothing that bears tags', async () => {
    const [a, b] = await world.two(() => levels());
    await a.mesh.wrap('1', () => 'one', { tags: ['x'] });
    expect([server.entries.size, await heldBy(a, ['1'])]).toEqual([0, ['one']]);
    await b.mesh.invalidateTag('x');
    await world.network.settled();
    expect(await heldBy(a, ['1'])).toEqual([undefined]);
  });

  it('is searched for a glob, where it can list its keys', async () => {
    const [a] = await world.two(() => levels());
    for (const key of ['user:1', 'user:2', 'order:1']) await a.cache.set(key, key);
    await a.mesh.invalidateMatching('user:*');
    expect([...server.entries.keys()]).toEqual(['shop:order:1']);
    const blind = Object.assign(server.connect(), { iterator: undefined }) as unknown as SharedStore;
    const b = await world.instance(levels(blind));
    expect(await codeOf(b.mesh.invalidateMatching('order:*'))).toBe('MESH_ERR_UNSUPPORTED');
    expect(server.entries.size).toBe(1);
  });
});
