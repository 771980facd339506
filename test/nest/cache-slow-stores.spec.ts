import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Keyv } from 'keyv';
import { deferred } from '../../lib/bus/deferred.js';
import { CachingWorld, heldBy, type Instance } from './support/caching.js';
import { HeldManyStore, HeldStore } from './support/held-store.js';
import { SharedServer, SharedStore } from './support/shared-store.js';

const REFRESHING = { ttl: 60_000, refreshThreshold: 70_000 };

let world: CachingWorld;
let store: HeldStore;

beforeEach(() => {
  world = new CachingWorld();
  store = new HeldStore();
});
afterEach(() => world.close());

/** One whose sets can be held up, and another that invalidates. */
async function twoOf(nonBlocking = false): Promise<readonly [Instance, Instance]> {
  const one = await world.instance({ register: { stores: [new Keyv({ store })], nonBlocking } });
  const other = await world.instance();
  await world.network.settled();
  return [one, other];
}

/** Has the key invalidated while the last set is held up, and lets that end. */
async function overtake(other: Instance, hold: { resolve(): void }): Promise<void> {
  await nextTurn();
  await other.cache.del('1');
  await world.network.settled();
  hold.resolve();
  await nextTurn();
}

describe('what cache-manager has loaded, and a store that takes its time', () => {
  it('keeps no load that is overtaken when wrap has returned, as it does not wait for the store', async () => {
    const [one, other] = await twoOf(true);
    const hold = deferred();
    store.holds.push(hold.promise);
    expect(await one.cache.wrap('1', () => 'old')).toBe('old');
    await overtake(other, hold);
    expect(await heldBy(one, ['1'])).toEqual([undefined]);
  });

  it('keeps no refresh that was loaded before wrap returned, and is overtaken then', async () => {
    const [one, other] = await twoOf();
    await one.cache.wrap('1', () => 'first', REFRESHING);
    const hold = deferred();
    store.holds.push(hold.promise);
    expect(await one.cache.wrap('1', () => 'old', REFRESHING)).toBe('first');
    await overtake(other, hold);
    expect(await heldBy(one, ['1'])).toEqual([undefined]);
  });

  it('keeps none of the sets that follow on one refresh', async () => {
    const [one, other] = await twoOf();
    await one.cache.wrap('1', () => 'first', REFRESHING);
    const [loaded, hold] = [deferred<string>(), deferred()];
    for (const _call of [1, 2]) await one.cache.wrap('1', async () => loaded.promise, REFRESHING);
    store.holds.push(Promise.resolve(), hold.promise);
    loaded.resolve('old');
    await overtake(other, hold);
    expect(await heldBy(one, ['1'])).toEqual([undefined]);
  });

  it('knows of a refresh that began while the one before was being set', async () => {
    const [one, other] = await twoOf();
    await one.cache.wrap('1', () => 'first', REFRESHING);
    const hold = deferred();
    store.holds.push(hold.promise);
    await one.cache.wrap('1', () => 'second', REFRESHING);
    await nextTurn();
    const loaded = deferred<string>();
    await one.cache.wrap('1', async () => loaded.promise, REFRESHING);
    hold.resolve();
    await nextTurn();
    await other.cache.del('1');
    await world.network.settled();
    loaded.resolve('old');
    await nextTurn();
    expect(await heldBy(one, ['1'])).toEqual([undefined]);
  });

  it('keeps what is loaded and set in time', async () => {
    const [one] = await twoOf();
    await one.cache.wrap('1', () => 'first', REFRESHING);
    await one.cache.wrap('1', () => 'second', REFRESHING);
    await nextTurn();
    expect(await heldBy(one, ['1'])).toEqual(['second']);
    await one.cache.del('1');
    await expect(one.cache.wrap('1', async () => Promise.reject(new Error('lost')))).rejects.toThrow('lost');
    await one.cache.wrap('1', () => 'third');
    expect(await heldBy(one, ['1'])).toEqual(['third']);
  });
});

describe('a store that throws, beside one that takes its time', () => {
  class FullStore extends Map<string, unknown> {
    override set(): this {
      throw new Error('full');
    }
  }

  const sets: [name: string, set: (one: Instance) => Promise<unknown>][] = [
    ['set', ({ cache }) => cache.set('1', 'old')],
    ['mset', ({ cache }) => cache.mset([{ key: '1', value: 'old' }])],
    ['MeshCache', ({ mesh }) => mesh.wrap('1', () => 'old')],
  ];

  it.each(sets)('keeps nothing that is overtaken, with %s', async (_name, set) => {
    const full = new Keyv({ store: new FullStore(), throwOnErrors: true });
    const one = await world.instance({ register: { stores: [new Keyv({ store }), full] }, localStores: [0, 1] });
    const other = await world.instance();
    await world.network.settled();
    const hold = deferred();
    store.holds.push(hold.promise);
    const failed = expect(set(one)).rejects.toThrow('full');
    await overtake(other, hold);
    await failed;
    expect(await heldBy(one, ['1'])).toEqual([undefined]);
  });
});

describe('mset, and stores that set many at once', () => {
  class SharedManyStore extends SharedStore {
    async setMany(entries: readonly { readonly key: string; readonly value: unknown }[]): Promise<void> {
      for (const { key, value } of entries) await this.set(key, value);
    }
  }

  it('keeps nothing that is overtaken while a store sets it that is not waited for', async () => {
    store = new HeldManyStore();
    const [one, other] = await twoOf(true);
    const hold = deferred();
    store.holds.push(hold.promise);
    const set = one.cache.mset([{ key: '1', value: 'old' }]);
    await overtake(other, hold);
    await set;
    expect(await heldBy(one, ['1'])).toEqual([undefined]);
  });

  it('deletes from a shared level what was set there while somebody else was invalidating', async () => {
    const server = new SharedServer();
    const shared = [new SharedManyStore(server), new SharedManyStore(server)] as const;
    const [one, other] = await Promise.all(
      shared.map((store) => world.instance({ register: { stores: [new Keyv(), new Keyv({ store })] } })),
    );
    await world.network.settled();
    const announced = deferred();
    const remove = shared[1].delete.bind(shared[1]);
    shared[1].delete = (key) => remove(key).finally(() => announced.promise);
    await one!.cache.mget(['1']);
    const deleted = other!.cache.del('1');
    await nextTurn();
    await one!.cache.mset([{ key: '1', value: 'old' }]);
    announced.resolve();
    await deleted;
    await world.network.settled();
    expect([...server.entries]).toEqual([]);
  });
});
