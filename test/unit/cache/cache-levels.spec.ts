import { describe, expect, it } from '@jest/globals';
import KeyvRedis from '@keyv/redis';
import { Cacheable, CacheableMemory, createKeyv, KeyvCacheableMemory } from 'cacheable';
import { Keyv } from 'keyv';
import { LRUCache } from 'lru-cache';
import { keysOf, sortLevels } from '../../../lib/cache/cache-levels.js';
import type { Level, Store } from '../../../lib/cache/manager-shapes.js';
import { codeThrownBy } from '../../support/codes.js';

/** A store for Keyv that says nothing of itself. */
class OwnStore {
  readonly #map = new Map<string, unknown>();
  get(key: string): unknown {
    return this.#map.get(key);
  }
  set(key: string, value: unknown): void {
    this.#map.set(key, value);
  }
  delete(key: string): boolean {
    return this.#map.delete(key);
  }
  clear(): void {
    this.#map.clear();
  }
}

const levelOf = (store: object): Level => new Keyv({ store }) as unknown as Level;

/** Connects to nothing before it is asked for something. */
function redis(): KeyvRedis<unknown> {
  return new KeyvRedis('redis://127.0.0.1:1');
}

describe('sortLevels', () => {
  const stores: [name: string, make: () => object, local: number, shared: number, unknown: number][] = [
    ['a Map', () => levelOf(new Map()), 1, 0, 0],
    ['an LRUCache', () => levelOf(new LRUCache<string, object>({ max: 10 })), 1, 0, 0],
    ['CacheableMemory', () => levelOf(new CacheableMemory()), 1, 0, 0],
    ['its adapter', () => levelOf(new KeyvCacheableMemory()), 1, 0, 0],
    ['the Keyv of cacheable', () => createKeyv(), 1, 0, 0],
    ['Cacheable', () => new Cacheable(), 1, 0, 0],
    ['Cacheable over Redis', () => new Cacheable({ secondary: redis() }), 1, 1, 0],
    ['Redis', () => levelOf(redis()), 0, 1, 0],
    ['a store of its own', () => levelOf(new OwnStore()), 0, 1, 1],
  ];

  it.each(stores)('knows %s', (_name, make, local, shared, unknown) => {
    const levels = sortLevels([make() as Store], undefined);
    expect([levels.local.length, levels.shared.length, levels.unknown.length]).toEqual([local, shared, unknown]);
  });

  it('does as it is told', () => {
    const stores = [levelOf(new OwnStore()), levelOf(new Map())];
    expect(sortLevels(stores, [0])).toEqual({ local: [stores[0]], shared: [stores[1]], unknown: [] });
    expect(sortLevels(stores, undefined).unknown).toEqual([{ place: 0, name: 'OwnStore' }]);
    expect(codeThrownBy(() => sortLevels(stores, [2]))).toBe('MESH_ERR_CONFIG');
  });
});

describe('keysOf', () => {
  const keys = ['user:1', 'user:2', 'plain', 'keyv'];
  const memories: [name: string, make: () => object][] = [
    ['a Map', () => new Keyv({ store: new Map() })],
    ['a Map under a namespace', () => new Keyv({ store: new Map(), namespace: 'shop' })],
    ['a Map without namespace', () => new Keyv({ store: new Map(), namespace: '' })],
    ['a Map without prefixes', () => new Keyv({ store: new Map(), namespace: 'shop', useKeyPrefix: false })],
    ['an LRUCache', () => new Keyv({ store: new LRUCache<string, object>({ max: 10 }) })],
    ['CacheableMemory', () => new Keyv({ store: new CacheableMemory() })],
    ['its adapter', () => new Keyv({ store: new KeyvCacheableMemory() })],
    ['the Keyv of cacheable', () => createKeyv()],
    ['the primary of Cacheable', () => new Cacheable().primary],
  ];

  it.each(memories)('lists what %s holds, under the names that the cache gives', async (_name, make) => {
    const level = make() as Level;
    for (const key of keys) await level.set(key, { key });
    expect(keysOf(level)?.sort()).toEqual([...keys].sort());
  });

  it('lists the keys of one namespace of a Map that two share', async () => {
    const store = new Map();
    const [a, b] = ['a', 'b'].map((namespace) => new Keyv({ store, namespace }) as unknown as Level);
    await a!.set('1', 1);
    await b!.set('2', 2);
    expect([keysOf(a!), keysOf(b!)]).toEqual([['1'], ['2']]);
  });

  it('can not list those of a store that does not', () => {
    expect(keysOf(levelOf(new OwnStore()))).toBeUndefined();
  });
});
