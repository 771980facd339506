import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { LRUCache } from 'lru-cache';
import { bindCache, type MeshBindable } from '../../../lib/bus/bind-cache.js';
import type { MeshBus } from '../../../lib/bus/mesh-bus.js';
import { MeshQuorumError } from '../../../lib/errors/mesh-quorum-error.js';
import type { MeshOptions } from '../../../lib/options/mesh-options.js';
import { BUCKET_COUNT } from '../../../lib/primitives/bucket-set.js';
import { codeOf, codeThrownBy } from '../../support/codes.js';
import { MemoryWorld } from '../../support/memory-world.js';
import { lose } from '../../support/resync-causes.js';

let world: MemoryWorld;
beforeEach(() => {
  world = new MemoryWorld();
});
afterEach(() => world.close());

/** Here is the cache; whatever `there` publishes reaches it. */
async function pair(options: MeshOptions = {}): Promise<{ there: MeshBus; here: MeshBus }> {
  const [there, here] = await world.mesh(2, options);
  return { there: there!, here: here! };
}

async function settled(sent: Promise<unknown>): Promise<void> {
  await world.until(sent);
  await world.advance(10);
}

function filled(...keys: readonly string[]): Map<string, number> {
  return new Map(keys.map((key, index) => [key, index]));
}

/** A store that can not say what it holds. */
function keyless(...keys: readonly string[]): MeshBindable & { readonly held: Set<string> } {
  const held = new Set(keys);
  return { held, delete: (key) => held.delete(key), clear: () => held.clear() };
}

/** More than one publisher can say key by key: others get a resync that covers the buckets of these keys. */
async function overload(there: MeshBus, ...keys: readonly string[]): Promise<void> {
  await settled(there.publish(keys.map((key) => `invalidate:${key}`)));
}
const OVERLOADED: MeshOptions = { limits: { pendingKeys: 1 } };

const caches: [
  name: string,
  make: () => MeshBindable & { keys(): Iterable<string>; set(key: string, value: number): unknown },
][] = [
  ['a Map', () => new Map<string, number>()],
  ['an LRUCache', () => new LRUCache<string, number>({ max: 100 })],
];

describe.each(caches)('bindCache of %s', (_name, make) => {
  const heard: [name: string, publish: (there: MeshBus) => Promise<void>, left: string[]][] = [
    ['a key', (there) => there.publish('invalidate:a'), ['b', 'c[1]*']],
    ['a key with data', (there) => there.publish('invalidate:a', { data: { by: 'admin' } }), ['b', 'c[1]*']],
    ['several keys', (there) => there.publish(['invalidate:a', 'invalidate:b']), ['c[1]*']],
    ['a key that looks like a glob', (there) => there.publish('invalidate:*'), ['a', 'b', 'c[1]*']],
    ['a key with the characters of a glob', (there) => there.publish('invalidate:c[1]*'), ['a', 'b']],
    ['a glob', (there) => there.publishMatching('invalidate:[ab]'), ['c[1]*']],
    ['a glob that covers more', (there) => there.publishMatching('*'), []],
    ['a glob of all its keys', (there) => there.publishMatching('invalidate:*'), []],
    [
      'keys of others',
      (there) => there.publish(['a', 'invalidate', 'invalidat:a', 'Invalidate:a']),
      ['a', 'b', 'c[1]*'],
    ],
    ['globs of others', (there) => there.publishMatching('a*'), ['a', 'b', 'c[1]*']],
  ];

  it.each(heard)('hears of %s', async (_what, publish, left) => {
    const { there, here } = await pair();
    const cache = make();
    bindCache(here, cache);
    for (const key of ['a', 'b', 'c[1]*']) cache.set(key, 1);
    await settled(publish(there));
    expect([...cache.keys()].sort()).toEqual(left);
  });

  it('lets go of what a resync covers, and of no more', async () => {
    const { there, here } = await pair(OVERLOADED);
    const cache = make();
    bindCache(here, cache);
    for (const key of ['a', 'b', 'c']) cache.set(key, 1);
    await overload(there, 'a', 'b');
    expect(here.metrics().resyncReasons).toEqual({ overload: 1 });
    expect([...cache.keys()]).toEqual(['c']);
  });

  it('is empty after a resync of everything', async () => {
    const { there, here } = await pair();
    const cache = make();
    bindCache(here, cache);
    for (const key of ['a', 'b', 'c']) cache.set(key, 1);
    lose(world);
    world.network.isCut = () => true;
    await world.advance(60_000);
    expect([...cache.keys()].length).toBe(3);
    await world.until(there.publish('invalidate:a'));
    world.network.isCut = () => false;
    await world.advance(60_000);
    expect(here.metrics().resyncReasons).toMatchObject({ heal: 1 });
    expect([...cache.keys()]).toEqual([]);
  });

  it('is emptied when the bus becomes ready', async () => {
    const bus = world.bus();
    const cache = make();
    bindCache(bus, cache);
    cache.set('a', 1);
    const ready = bus.start();
    cache.set('b', 1);
    expect([...cache.keys()].length).toBe(2);
    await world.until(ready);
    expect([...cache.keys()]).toEqual([]);
  });

  it('is emptied when it is bound to a bus that is ready already', async () => {
    const { here } = await pair();
    const cache = make();
    cache.set('a', 1);
    bindCache(here, cache);
    expect([...cache.keys()]).toEqual([]);
  });

  it('is emptied when the bus closes, as nobody tells of what is written from then on', async () => {
    const { here } = await pair();
    const cache = make();
    bindCache(here, cache);
    cache.set('a', 1);
    const closed = here.close();
    expect([...cache.keys()]).toEqual([]);
    await world.until(closed);
  });
});

describe('MeshCacheBinding', () => {
  it('keeps no value that was invalidated while it was loaded', async () => {
    const { there, here } = await pair();
    const cache = new Map<string, number>();
    const { fence } = bindCache(here, cache);
    const [overtaken, other] = [fence('a'), fence('b')];
    await settled(there.publish('invalidate:a'));
    expect([overtaken.isCurrent(), other.isCurrent(), fence('a').isCurrent()]).toEqual([false, true, true]);
  });

  it.each([true, false])('invalidates here at once and elsewhere, with selfDelivery: %s', async (selfDelivery) => {
    const { there, here } = await pair({ selfDelivery });
    const [cache, copy] = [new Map<string, number>(), new Map<string, number>()];
    const { invalidate, fence } = bindCache(here, cache);
    bindCache(there, copy);
    for (const held of [cache, copy]) for (const key of ['a', 'b', 'c']) held.set(key, 1);
    const before = fence('a');
    const sent = invalidate(['a', 'b']);
    expect([before.isCurrent(), ...cache.keys()]).toEqual([false, 'c']);
    await settled(sent);
    expect([...copy.keys()]).toEqual(['c']);
    await settled(invalidate('c'));
    expect([cache.size, copy.size]).toEqual([0, 0]);
  });

  it('hears own publishes of the bus with selfDelivery only', async () => {
    for (const selfDelivery of [true, false]) {
      const bus = world.bus({ selfDelivery });
      await world.until(bus.start());
      const cache = new Map<string, number>();
      bindCache(bus, cache);
      cache.set('a', 1);
      await settled(bus.publish('invalidate:a'));
      expect(cache.has('a')).toBe(!selfDelivery);
    }
  });

  it('lets go once more of what is set right behind the call with selfDelivery, and not of what is set when it is over', async () => {
    const bus = world.bus({ selfDelivery: true });
    await world.until(bus.start());
    const cache = filled();
    const { invalidate } = bindCache(bus, cache);
    const sent = invalidate('a');
    cache.set('a', 1);
    await world.until(sent);
    expect(cache.has('a')).toBe(false);
    cache.set('a', 1);
    await world.advance(1000);
    expect(cache.has('a')).toBe(true);
  });

  it('takes the keys that it is given literally', async () => {
    const { there, here } = await pair();
    const keys = ['user:[1]*', 'user:1', 'user:1x', 'user:\\', 'user:?'];
    const cache = new Map<string, number>();
    bindCache(here, cache, { prefix: 'a*[x]\\' });
    const { invalidate } = bindCache(there, new Map<string, number>(), { prefix: 'a*[x]\\' });
    for (const key of keys) cache.set(key, 1);
    await settled(invalidate('user:[1]*'));
    await settled(invalidate(['user:\\', 'user:?']));
    expect([...cache.keys()]).toEqual(['user:1', 'user:1x']);
  });

  it('invalidates by globs, and takes its prefix literally there too', async () => {
    const { there, here } = await pair();
    const [cache, neighbour, copy] = [filled(), filled(), filled()];
    bindCache(here, cache, { prefix: 'a*[x]\\' });
    bindCache(here, neighbour, { prefix: 'abx' });
    const binding = bindCache(there, copy, { prefix: 'a*[x]\\' });
    for (const held of [cache, neighbour, copy]) for (const key of ['user:1', 'user:2', 'order:1']) held.set(key, 1);
    const sent = binding.invalidateMatching('user:*');
    expect([...copy.keys()]).toEqual(['order:1']);
    await settled(sent);
    expect([[...cache.keys()], neighbour.size]).toEqual([['order:1'], 3]);
    await settled(binding.clear());
    expect([cache.size, neighbour.size, copy.size]).toEqual([0, 3, 0]);
  });

  it('waits for others where it is told to', async () => {
    const { there, here } = await pair();
    const cache = filled();
    let isDone = false;
    bindCache(there, { ...keyless(), delete: async () => (await Promise.resolve(), (isDone = true)) });
    const { invalidate } = bindCache(here, cache);
    cache.set('a', 1);
    await world.until(invalidate('a', { await: 1 }));
    expect([isDone, cache.size]).toEqual([true, 0]);
    await world.until(invalidate(['a', 'b'], { await: 'all', timeout: 500 }));
    await world.until(invalidate('a', { await: 'quorum' }));
  });

  it('tells that too few have answered, with what was invalidated left invalidated', async () => {
    const { there, here } = await pair();
    const [cache, copy] = [filled(), filled()];
    bindCache(there, copy);
    const { invalidate, fence } = bindCache(here, cache);
    for (const held of [cache, copy]) for (const key of ['a', 'b']) held.set(key, 1);
    const before = fence('b');
    const failure = await world.until(invalidate(['a', 'b'], { await: 2 }).catch((error: unknown) => error));
    expect(failure).toBeInstanceOf(MeshQuorumError);
    await world.advance(10);
    expect([cache.size, copy.size, before.isCurrent()]).toEqual([0, 0, false]);
    expect(await codeOf(invalidate('a', { await: -1 }))).toBe('MESH_ERR_ARGUMENT');
    expect(await codeOf(invalidate('a', { await: 1, timeout: -1 }))).toBe('MESH_ERR_ARGUMENT');
  });

  it('moves the fence within the call, also where it waits', async () => {
    const { here } = await pair();
    const { invalidate, fence } = bindCache(here, filled());
    const before = [fence('a'), fence('b')];
    const sent = invalidate(['a', 'b'], { await: 1 });
    expect(before.map((one) => one.isCurrent())).toEqual([false, false]);
    await world.until(sent);
  });

  it('hears nothing more once it is unbound, and can be bound again', async () => {
    const { there, here } = await pair();
    const cache = filled();
    const first = bindCache(here, cache);
    first.unbind();
    for (const key of ['a', 'b', 'c']) cache.set(key, 1);
    await settled(there.publish('invalidate:a'));
    await settled(there.publishMatching('*'));
    expect(cache.size).toBe(3);
    const second = bindCache(here, cache);
    expect(cache.size).toBe(0);
    first.unbind();
    expect(codeThrownBy(() => bindCache(here, cache))).toBe('MESH_ERR_ARGUMENT');
    cache.set('a', 1);
    await settled(there.publish('invalidate:a'));
    expect(cache.size).toBe(0);
    second.unbind();
    cache.set('a', 1);
    await world.until(here.close());
    expect(cache.size).toBe(1);
  });

  it('can be bound to two meshes at once, and to either once', async () => {
    const [one] = await world.mesh(1, { cluster: 'one' });
    const [two, other] = await world.mesh(2, { cluster: 'two' });
    const cache = filled();
    bindCache(one!, cache);
    bindCache(two!, cache);
    cache.set('a', 1);
    await settled(other!.publish('invalidate:a'));
    expect(cache.size).toBe(0);
    expect(codeThrownBy(() => bindCache(two!, cache, { prefix: 'another:' }))).toBe('MESH_ERR_ARGUMENT');
  });

  it('shares a prefix: both hear, and to clear one empties both', async () => {
    const { there, here } = await pair({ selfDelivery: true });
    const [one, two, copy] = [filled(), filled(), filled()];
    const { invalidate, clear } = bindCache(here, one, { prefix: 'shared:' });
    bindCache(here, two, { prefix: 'shared:' });
    bindCache(there, copy, { prefix: 'shared:' });
    for (const held of [one, two, copy]) for (const key of ['a', 'b']) held.set(key, 1);
    await settled(invalidate('a'));
    expect([one, two, copy].map((held) => [...held.keys()])).toEqual([['b'], ['b'], ['b']]);
    await settled(clear());
    expect([one.size, two.size, copy.size]).toEqual([0, 0, 0]);
  });

  it('may have no prefix: a key is published as it is', async () => {
    const { there, here } = await pair();
    const cache = filled();
    const { invalidate, fence } = bindCache(here, cache, { prefix: '' });
    for (const key of ['a', 'b']) cache.set(key, 1);
    await settled(there.publish('a'));
    expect([...cache.keys()]).toEqual(['b']);
    expect(await codeOf(invalidate(''))).toBe('MESH_ERR_KEY');
    expect(codeThrownBy(() => fence(''))).toBe('MESH_ERR_KEY');
    const heard: string[] = [];
    there.subscribe('*', ({ key }) => heard.push(key));
    await settled(invalidate('b'));
    expect(heard).toEqual(['b']);
  });
});

describe('bindCache refuses', () => {
  it('what is no bus, and what is no cache', async () => {
    const { here } = await pair();
    for (const bus of [undefined, null, {}, 'bus', { publish: () => undefined }]) {
      expect(codeThrownBy(() => bindCache(bus as unknown as MeshBus, filled()))).toBe('MESH_ERR_ARGUMENT');
    }
    for (const cache of [undefined, null, 42, {}, { delete: () => true }, { clear: () => true }, new WeakMap()]) {
      expect(codeThrownBy(() => bindCache(here, cache as unknown as MeshBindable))).toBe('MESH_ERR_ARGUMENT');
    }
  });

  it.each<[name: string, prefix: unknown]>([
    ['that is too long', 'p'.repeat(513)],
    ['that is too long in bytes', 'é'.repeat(257)],
    ['that holds half of a character', 'user:\ud83d'],
    ['42', 42],
    ['null', null],
  ])('a prefix %s', (_name, prefix) => {
    const bus = world.bus();
    const cache = filled();
    expect(codeThrownBy(() => bindCache(bus, cache, { prefix: prefix as string }))).toBe('MESH_ERR_ARGUMENT');
    expect(bindCache(bus, cache, { prefix: 'p'.repeat(512) }).prefix).toBe('p'.repeat(512));
  });

  it('a cache that is bound already, and a bus that is closed', async () => {
    const { here } = await pair();
    const cache = filled();
    bindCache(here, cache);
    expect(codeThrownBy(() => bindCache(here, cache))).toBe('MESH_ERR_ARGUMENT');
    const late = filled('a');
    await world.until(here.close());
    expect(codeThrownBy(() => bindCache(here, late))).toBe('MESH_ERR_CLOSED');
    expect(late.size).toBe(1);
  });

  it('a cache that can not be emptied, which is not bound then', async () => {
    const { there, here } = await pair();
    let deleted = 0;
    const broken: MeshBindable = {
      delete: () => ++deleted,
      clear: () => {
        throw new RangeError('broken');
      },
    };
    expect(() => bindCache(here, broken)).toThrow('broken');
    await settled(there.publish('invalidate:a'));
    expect(deleted).toBe(0);
    expect(() => bindCache(here, broken)).toThrow('broken');
  });

  it('keys that can not be published, all of a list for one of them', async () => {
    const { there, here } = await pair();
    const heard: string[] = [];
    there.subscribe('*', ({ key }) => heard.push(key));
    const cache = filled();
    const { fence, invalidate, invalidateMatching } = bindCache(here, cache);
    cache.set('a', 1);
    const before = fence('a');
    const room = 1024 - 'invalidate:'.length;
    for (const wrong of ['k'.repeat(room + 1), 'user:\ud83d', 42, undefined, null, {}, ['a']] as string[]) {
      expect(codeThrownBy(() => fence(wrong))).toBe('MESH_ERR_KEY');
      if (!Array.isArray(wrong)) expect(await codeOf(invalidate(wrong))).toBe('MESH_ERR_KEY');
      for (const options of [{}, { await: 'all' }] as const) {
        expect(await codeOf(invalidate(['a', wrong], options))).toBe('MESH_ERR_KEY');
      }
    }
    expect(await codeOf(invalidate(new Set(['a']) as unknown as string[]))).toBe('MESH_ERR_KEY');
    for (const wrong of ['', 'k'.repeat(1025), 'k'.repeat(1020), '\ud83d', 42]) {
      expect(await codeOf(invalidateMatching(wrong as string))).toBe('MESH_ERR_PATTERN');
    }
    await world.advance(10);
    expect([heard, before.isCurrent(), cache.size]).toEqual([[], true, 1]);
    await settled(invalidate('k'.repeat(room)));
    await settled(invalidate([]));
    expect(heard.length).toBe(1);
  });

  it('to invalidate elsewhere before the bus is started and when it is closed, and says so', async () => {
    const bus = world.bus();
    const cache = filled('a', 'b', 'c');
    const { invalidate, invalidateMatching, clear } = bindCache(bus, cache);
    expect(await codeOf(invalidate('a'))).toBe('MESH_ERR_NOT_STARTED');
    expect(await codeOf(invalidate('a', { await: 1 }))).toBe('MESH_ERR_NOT_STARTED');
    expect(await codeOf(invalidateMatching('b'))).toBe('MESH_ERR_NOT_STARTED');
    expect([...cache.keys()]).toEqual(['c']);
    await world.until(bus.close());
    expect(await codeOf(clear())).toBe('MESH_ERR_CLOSED');
    expect(await codeOf(invalidate(['a', 'b']))).toBe('MESH_ERR_CLOSED');
  });
});

/** What a bus says in its log. */
function logged(): { readonly lines: string[]; readonly options: MeshOptions } {
  const lines: string[] = [];
  const log = (line: string): number => lines.push(line);
  return { lines, options: { logger: { error: log, warn: log, log: () => undefined, debug: () => undefined } } };
}

describe('a cache without keys', () => {
  it('is emptied by a glob and by a resync of some keys, and its user is told so when it is bound', async () => {
    const { lines, options } = logged();
    const there = world.bus(OVERLOADED);
    const here = world.bus(options);
    await world.until(Promise.all([there.start(), here.start()]));
    await world.until(there.waitForPeers(1));
    const [cache, full] = [keyless(), filled()];
    bindCache(here, full, { prefix: 'full:' });
    expect(lines).toEqual([]);
    const { invalidateMatching } = bindCache(here, cache);
    expect(lines).toEqual([expect.stringMatching(/without keys\(\).*"invalidate:".*glob.*resync.*empties it/)]);

    const fill = (): void => ['a', 'b', 'c'].forEach((key) => cache.held.add(key));
    fill();
    await settled(there.publish('invalidate:a'));
    expect([...cache.held]).toEqual(['b', 'c']);
    await settled(there.publishMatching('invalidate:b'));
    expect(cache.held.size).toBe(0);
    fill();
    await overload(there, 'x', 'y');
    expect(here.metrics().resyncReasons).toEqual({ overload: 1 });
    expect(cache.held.size).toBe(0);
    fill();
    await settled(invalidateMatching('nothing*'));
    expect(cache.held.size).toBe(0);
    fill();
    await settled(there.publishMatching('full:*'));
    expect(lines.length).toBe(1);
  });

  it('may list them as a property, or by something that is no list, which is as good as none', async () => {
    const { there, here } = await pair();
    const listed = filled();
    const property = { delete: (key: string) => listed.delete(key), clear: () => listed.clear(), keys: ['a', 'b'] };
    const opaque = { ...keyless(), keys: () => Promise.resolve(['a']) as unknown as Iterable<string> };
    for (const cache of [property, opaque]) bindCache(here, cache);
    for (const key of ['a', 'b']) listed.set(key, 1);
    opaque.held.add('b');
    await settled(there.publishMatching('invalidate:a'));
    expect([[...listed.keys()], opaque.held.size]).toEqual([['b'], 0]);
  });
});

describe('a cache that fails', () => {
  class BrokenDelete extends Map<string, number> {
    override delete(key: string): boolean {
      if (key.startsWith('broken')) throw Object.assign(new Error('user 42 is secret'), { code: 'EBROKEN' });
      return super.delete(key);
    }
  }

  it('is counted and logged by its code, and other caches and keys go all the same', async () => {
    const { lines, options } = logged();
    const there = world.bus();
    const here = world.bus(options);
    await world.until(Promise.all([there.start(), here.start()]));
    await world.until(there.waitForPeers(1));
    const [broken, whole] = [new BrokenDelete(), filled()];
    for (const cache of [broken, whole]) bindCache(here, cache);
    for (const held of [broken, whole]) for (const key of ['a', 'broken', 'z']) held.set(key, 1);
    await settled(there.publish(['invalidate:broken', 'invalidate:a']));
    expect([[...broken.keys()], [...whole.keys()]]).toEqual([['broken', 'z'], ['z']]);
    expect(here.metrics().handlerFailures).toBe(1);
    expect(lines).toEqual([expect.stringMatching(/failed: Error \(EBROKEN\)$/)]);
    broken.set('a', 1);
    await settled(there.publishMatching('invalidate:[abz]*'));
    expect([...broken.keys()]).toEqual(['broken']);
    expect([whole.size, here.metrics().handlerFailures]).toEqual([0, 2]);
  });

  it('fails the call that invalidates here, when all others have been told', async () => {
    const { there, here } = await pair();
    const [broken, copy] = [new BrokenDelete(), filled()];
    bindCache(there, copy);
    const { invalidate, invalidateMatching } = bindCache(here, broken);
    for (const held of [broken, copy]) for (const key of ['broken', 'broken too', 'a', 'z']) held.set(key, 1);
    await expect(world.until(invalidate(['broken', 'broken too', 'a']))).rejects.toThrow('secret');
    await world.advance(10);
    expect([[...broken.keys()], [...copy.keys()]]).toEqual([['broken', 'broken too', 'z'], ['z']]);
    await expect(world.until(invalidateMatching('*'))).rejects.toThrow('secret');
    await world.advance(10);
    expect([[...broken.keys()], copy.size]).toEqual([['broken', 'broken too'], 0]);
  });

  it('may fail later, which is counted, logged and told as well', async () => {
    const { lines, options } = logged();
    const [there] = await world.mesh(1);
    const here = world.bus(options);
    await world.until(here.start());
    await world.until(there!.waitForPeers(1));
    const fails = (): Promise<void> => Promise.reject(Object.assign(new Error('down'), { code: 'EDOWN' }));
    let deleted = 0;
    const slow: MeshBindable = { delete: () => (deleted++, fails()), clear: fails, keys: () => ['a', 'b'] };
    const { invalidate, invalidateMatching, clear } = bindCache(here, slow);
    await world.advance(10);
    expect(lines).toEqual([expect.stringMatching(/could not be emptied.*Error \(EDOWN\)$/)]);
    await settled(there!.publish('invalidate:a'));
    await settled(there!.publishMatching('invalidate:*[ab]'));
    expect([deleted, here.metrics().handlerFailures]).toEqual([3, 2]);
    for (const call of [() => invalidate(['a', 'b']), () => invalidateMatching('a'), clear]) {
      await expect(world.until(call())).rejects.toThrow('down');
    }
  });
});

describe('an LRUCache', () => {
  it('disposes of what it lets go', async () => {
    const { there, here } = await pair();
    const disposed: string[] = [];
    const cache = new LRUCache<string, number>({
      max: 2,
      dispose: (_value, key, why) => disposed.push(`${key} ${why}`),
    });
    const { clear } = bindCache(here, cache);
    for (const key of ['a', 'b', 'c']) cache.set(key, 1);
    await settled(there.publish('invalidate:b'));
    await settled(there.publish('invalidate:a'));
    await settled(clear());
    expect(disposed).toEqual(['a evict', 'b delete', 'c delete']);
  });

  it('keeps nothing that its fetch was loading when the key was invalidated', async () => {
    const { there, here } = await pair();
    for (const publish of [
      () => there.publish('invalidate:a'),
      () => there.publishMatching('invalidate:a*'),
      () => there.publishMatching('invalidate:*'),
    ]) {
      let finish = (_value: number): void => undefined;
      const fetchMethod = (): Promise<number> => new Promise((resolve) => (finish = resolve));
      const cache = new LRUCache<string, number>({ max: 10, fetchMethod });
      bindCache(here, cache);
      const fetched = cache.fetch('a').catch((error: unknown) => error);
      expect([[...cache.keys()], cache.size]).toEqual([[], 1]);
      await settled(publish());
      finish(1);
      expect(await fetched).toBeInstanceOf(Error);
      expect(cache.get('a')).toBeUndefined();
    }
  });

  it('keeps what its fetch was loading with the two options that docs/caching.md warns of, and with no single one', async () => {
    const { there, here } = await pair();
    const fetched = async (ignoreFetchAbort: boolean, allowStaleOnFetchAbort: boolean): Promise<unknown> => {
      let finish = (_value: number): void => undefined;
      const fetchMethod = (): Promise<number> => new Promise((resolve) => (finish = resolve));
      const options = { max: 10, fetchMethod, ignoreFetchAbort, allowStaleOnFetchAbort };
      const cache = new LRUCache<string, number>(options);
      const binding = bindCache(here, cache);
      cache.set('other', 0);
      const fetching = cache.fetch('a').catch(() => undefined);
      await settled(there.publish('invalidate:a'));
      finish(1);
      await fetching;
      await world.advance(10);
      binding.unbind();
      return cache.get('a');
    };
    expect([await fetched(true, false), await fetched(false, true)]).toEqual([undefined, undefined]);
    expect(await fetched(true, true)).toBe(1);
  });

  it('keeps no expired entry that a glob covers, and those that are none', async () => {
    const { there, here } = await pair();
    let now = 1;
    const cache = new LRUCache<string, number>({ max: 10, ttl: 10, ttlResolution: 0, perf: { now: () => now } });
    bindCache(here, cache);
    cache.set('a', 1);
    now = 100;
    for (const key of ['b', 'c']) cache.set(key, 1);
    expect([cache.size, [...cache.keys()].length]).toEqual([3, 2]);
    await settled(there.publishMatching('invalidate:[ab]'));
    expect(cache.get('a', { allowStale: true })).toBeUndefined();
    expect([...cache.keys()]).toEqual(['c']);
  });
});

describe('a large cache', () => {
  it('is gone over once for a resync of some keys', async () => {
    const { there, here } = await pair(OVERLOADED);
    const count = 100_000;
    const calls = { delete: 0, clear: 0, has: 0, get: 0 };
    let listed = 0;
    const map = new Map<string, number>();
    const counting = new Proxy(map, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== 'function') return value;
        if (name in calls) calls[name as keyof typeof calls]++;
        if (name !== 'keys') return value.bind(target) as unknown;
        return function* () {
          for (const key of target.keys()) {
            listed++;
            yield key;
          }
        };
      },
    });
    bindCache(here, counting);
    for (let index = 0; index < count; index++) map.set(`user:${index}`, index);
    for (const name of Object.keys(calls)) calls[name as keyof typeof calls] = 0;
    await overload(there, 'user:1', 'user:2');
    expect(here.metrics().resyncReasons).toEqual({ overload: 1 });
    const left = count - map.size;
    expect([map.has('user:1'), map.has('user:2')]).toEqual([false, false]);
    expect(left).toBeGreaterThan(count / BUCKET_COUNT);
    expect(left).toBeLessThan((10 * count) / BUCKET_COUNT);
    expect(listed).toBe(count);
    expect(calls).toEqual({ delete: left, clear: 0, has: 0, get: 0 });
  });
});
