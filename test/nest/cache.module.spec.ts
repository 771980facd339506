import { Controller, type DynamicModule, Get, UseInterceptors } from '@nestjs/common';
import { CACHE_MANAGER, CacheInterceptor, CacheKey, CacheModule } from '@nestjs/cache-manager';
import { Test } from '@nestjs/testing';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createCache } from 'cache-manager';
import { CacheableMemory } from 'cacheable';
import { Keyv } from 'keyv';
import { LRUCache } from 'lru-cache';
import { MeshBus, MeshClient, MeshModule } from 'nestjs-mesh';
import { MeshCache, MeshCacheModule } from 'nestjs-mesh/cache';
import { deferred } from '../../lib/bus/deferred.js';
import { codeOf } from '../support/codes.js';
import { moduleOf, quiet } from './support/applications.js';
import { SharedServer } from './support/shared-store.js';
import { type Cache, CachingWorld, heldBy, type Instance } from './support/caching.js';

let world: CachingWorld;

beforeEach(() => {
  world = new CachingWorld();
});
afterEach(() => world.close());

async function setAll(instance: Instance, keys: readonly string[]): Promise<void> {
  for (const key of keys) await instance.cache.set(key, key);
}

describe('CACHE_MANAGER', () => {
  it('announces what it deletes, and hears what others do', async () => {
    const [a, b] = await world.two();
    for (const { cache } of [a, b]) for (const key of ['1', '2', '3', '4']) await cache.set(key, `old ${key}`);
    await a.cache.del('1');
    await b.cache.mdel(['2', '3']);
    await world.network.settled();
    for (const one of [a, b]) {
      expect(await heldBy(one, ['1', '2', '3', '4'])).toEqual([undefined, undefined, undefined, 'old 4']);
    }
    await a.cache.clear();
    await world.network.settled();
    expect(await b.cache.get('4')).not.toBe('old 4');
  });

  it('tells nobody of what it sets, and says nothing again of what it hears', async () => {
    const [a, b] = await world.two();
    await a.cache.set('1', 'one');
    await b.cache.wrap('2', () => 'two');
    expect([a.bus.metrics().published, b.bus.metrics().published]).toEqual([0, 0]);
    await a.cache.del('2');
    await world.network.settled();
    expect([a.bus.metrics().published, b.bus.metrics().published]).toEqual([1, 0]);
    expect(b.mesh.stats().invalidated).toBe(1);
  });

  it('refuses a set whose miss has been overtaken, once', async () => {
    const [a, b] = await world.two();
    expect((await b.cache.get('1')) ?? undefined).toBeUndefined();
    await a.cache.del('1');
    await world.network.settled();
    expect(await b.cache.set('1', 'old')).toBe('old');
    expect((await b.cache.get('1')) ?? undefined).toBeUndefined();
    expect(b.mesh.stats().overtaken).toBe(1);
    await b.cache.set('1', 'new');
    expect(await b.cache.get('1')).toBe('new');
  });

  it('gives what wrap has loaded, and keeps it only where nothing has overtaken it', async () => {
    const [a, b] = await world.two();
    const old = deferred<string>();
    const first = b.cache.wrap('1', () => old.promise);
    await world.network.settled();
    await a.cache.del('1');
    await world.network.settled();
    const second = b.cache.wrap('1', () => 'new');
    old.resolve('old');
    expect([await first, await second]).toEqual(['old', 'new']);
    expect(await b.cache.get('1')).toBe('new');
    expect(b.mesh.stats().overtaken).toBe(1);
  });

  it('keeps no refresh in the background that was overtaken', async () => {
    const [a, b] = await world.two();
    const refreshed = deferred<string>();
    const done = deferred<unknown>();
    b.cache.on('refresh', done.resolve);
    const options = { ttl: 1000, refreshThreshold: 2000 };
    await b.cache.wrap('1', () => 'first', options);
    expect(await b.cache.wrap('1', async () => refreshed.promise, options)).toBe('first');
    await a.cache.del('1');
    await world.network.settled();
    refreshed.resolve('old');
    await done.promise;
    expect(await b.cache.wrap('1', () => 'new', options)).toBe('new');
    // The refresh is over: what is loaded from here on is kept.
    await b.cache.del('1');
    await b.cache.wrap('1', () => 'newer', 1000);
    expect(await b.cache.get('1')).toBe('newer');
    expect(b.mesh.stats().overtaken).toBe(1);
  });

  it('keeps a refresh that nothing has overtaken', async () => {
    const [, b] = await world.two();
    const done = deferred<unknown>();
    b.cache.on('refresh', done.resolve);
    const options = { ttl: 1000, refreshThreshold: 2000 };
    await b.cache.wrap('1', () => 'first', options);
    await b.cache.wrap('1', () => 'second', options);
    await done.promise;
    expect(await b.cache.get('1')).toBe('second');
  });

  it('hands on what wrap is told, and what it throws', async () => {
    const [, b] = await world.two();
    const failure = new Error('the database is gone');
    await expect(
      b.cache.wrap('1', () => {
        throw failure;
      }),
    ).rejects.toBe(failure);
    expect(await b.cache.wrap('1', () => 'one', { ttl: () => 60_000 })).toBe('one');
    const raw = (await b.cache.wrap('1', () => 'two', { raw: true })) as { value: unknown; expires: number };
    expect(raw.value).toBe('one');
    expect(raw.expires).toBeGreaterThan(Date.now());
  });

  it('refuses those of several that were overtaken', async () => {
    const [a, b] = await world.two();
    await b.cache.mget(['1', '2']);
    await a.cache.del('1');
    await world.network.settled();
    await b.cache.mset([
      { key: '1', value: 'old' },
      { key: '2', value: 'two' },
    ]);
    expect(await heldBy(b, ['1', '2'])).toEqual([undefined, 'two']);
    expect(b.mesh.stats().overtaken).toBe(1);
  });

  it('keeps nothing before the bus hears others, nor once it is closed', async () => {
    const a = await world.instance();
    await a.bus.close();
    await a.cache.set('1', 'one');
    expect(await heldBy(a, ['1'])).toEqual([undefined]);
    expect(await a.cache.wrap('1', () => 'loaded')).toBe('loaded');
    expect(await codeOf(a.cache.del('1'))).toBe('MESH_ERR_CLOSED');
  });

  it('takes a key literally, whatever characters it has', async () => {
    const [a, b] = await world.two();
    const keys = ['user:*', 'user:[1]', 'user:1', 'user:?', 'user:\\*'];
    await setAll(b, keys);
    await a.cache.mdel(['user:*', 'user:[1]']);
    await world.network.settled();
    expect(await heldBy(b, keys)).toEqual([undefined, undefined, 'user:1', 'user:?', 'user:\\*']);
  });

  it('caches a key that the mesh can not name, and says so when it is deleted', async () => {
    const [a] = await world.two();
    const long = 'k'.repeat(1024);
    await a.cache.get(long);
    await a.cache.set(long, 'long');
    expect(await a.cache.wrap(long, () => 'other')).toBe('long');
    expect(await codeOf(a.cache.del(long))).toBe('MESH_ERR_KEY');
    expect(await heldBy(a, [long])).toEqual([undefined]);
  });

  it('announces what it deletes beside a key that the mesh can not name', async () => {
    const [a, b] = await world.two();
    await setAll(a, ['1', '2']);
    await setAll(b, ['1', '2']);
    expect(await codeOf(a.cache.mdel(['1', 'k'.repeat(1024), '\ud800', '2']))).toBe('MESH_ERR_KEY');
    await world.network.settled();
    expect(await heldBy(b, ['1', '2'])).toEqual([undefined, undefined]);
  });

  it('announces what it deletes without a bus that tells itself', async () => {
    const [a, b] = await world.two(() => ({ meshOptions: { selfDelivery: false } }));
    await setAll(a, ['1']);
    await setAll(b, ['1']);
    await a.cache.del('1');
    await world.network.settled();
    expect([await heldBy(a, ['1']), await heldBy(b, ['1'])]).toEqual([[undefined], [undefined]]);
  });

  it('hears what a client emits here and elsewhere', async () => {
    const [a, b] = await world.two();
    await setAll(a, ['1']);
    await setAll(b, ['1']);
    a.app.get(MeshClient).emit('invalidate:1');
    await world.network.settled();
    expect([await heldBy(a, ['1']), await heldBy(b, ['1'])]).toEqual([[undefined], [undefined]]);
  });

  it('lets go of what was cached before the bus was ready', async () => {
    const early = { provide: 'EARLY', inject: [CACHE_MANAGER], useFactory: (cache: Cache) => cache.set('1', 'early') };
    const a = await world.instance({ metadata: { providers: [early] } });
    expect(await heldBy(a, ['1'])).toEqual([undefined]);
  });

  it('lets go of what a partition may have hidden', async () => {
    const [a, b] = await world.two();
    await setAll(b, ['1']);
    const heal = world.network.partition([a.bus], [b.bus]);
    await a.cache.del('1');
    expect(await heldBy(b, ['1'])).toEqual(['1']);
    await world.network.settled();
    heal();
    await world.network.settled();
    expect(await heldBy(b, ['1'])).toEqual([undefined]);
  });
});

describe('prefix', () => {
  it('is that of published keys, and no glob', async () => {
    const [a, b] = await world.two(() => ({ prefix: 'shop[1]*:' }));
    await setAll(a, ['1', '2']);
    await b.bus.publish(['shop1:1', 'shop[1]x:1', 'invalidate:1', 'shop[1]*:2']);
    await world.network.settled();
    expect(await heldBy(a, ['1', '2'])).toEqual(['1', undefined]);
  });

  it('can be shared by several caches of an application', async () => {
    const feature = (token: string): DynamicModule => {
      const provider = { provide: token, inject: [CACHE_MANAGER], useFactory: (cache: Cache) => cache };
      const imports = [CacheModule.register({ isGlobal: false })];
      return { module: moduleOf({}), imports, providers: [provider], exports: [provider] };
    };
    const [a, b] = await world.two(() => ({
      register: { isGlobal: false },
      metadata: { imports: [feature('FIRST'), feature('SECOND')] },
    }));
    const caches = [a, b].flatMap(({ app }) => [app.get<Cache>('FIRST'), app.get<Cache>('SECOND')]);
    expect(new Set(caches).size).toBe(4);
    for (const cache of caches) await cache.set('1', 'one');
    await caches[0]!.del('1');
    await world.network.settled();
    for (const cache of caches) expect((await cache.get('1')) ?? undefined).toBeUndefined();
    for (const cache of caches) await cache.set('2', 'two');
    await caches[3]!.clear();
    await world.network.settled();
    for (const cache of caches) expect((await cache.get('2')) ?? undefined).toBeUndefined();
  });
});

describe('MeshCacheModule', () => {
  it('needs a cache', async () => {
    const modules = [MeshModule.forRoot({ logger: false }), MeshCacheModule.forRoot()];
    const builder = Test.createTestingModule({ imports: modules });
    const testing = await world.network.override(builder).compile();
    expect(await codeOf(testing.createNestApplication(quiet).init())).toBe('MESH_ERR_CONFIG');
  });

  it('binds a cache that is made later than it is first asked for', async () => {
    const early = {
      provide: 'EARLY',
      inject: [MeshCache],
      useFactory: (cache: MeshCache) => codeOf(cache.wrap('1', () => 1)),
    };
    const later = {
      provide: CACHE_MANAGER,
      inject: ['EARLY'],
      useFactory: async () => {
        await new Promise(setImmediate);
        return createCache();
      },
    };
    const imports = [MeshModule.forRoot({ logger: false }), MeshCacheModule.forRoot()];
    const builder = Test.createTestingModule({ imports, providers: [early, later] });
    const app = await (await world.network.override(builder).compile()).createNestApplication(quiet).init();
    expect(app.get('EARLY')).toBe('MESH_ERR_CONFIG');
    const bus = world.network.bus();
    await bus.start();
    await world.network.settled();
    const cache = app.get<Cache>(CACHE_MANAGER);
    expect(await app.get(MeshCache).wrap('1', () => 'one')).toBe('one');
    await bus.publish('invalidate:1');
    await world.network.settled();
    expect((await cache.get('1')) ?? undefined).toBeUndefined();
    await app.close();
  });

  it('is imported once', async () => {
    const again = { metadata: { imports: [MeshCacheModule.forRoot({ loadTimeout: 5 })] } };
    expect(await codeOf(world.instance(again))).toBe('MESH_ERR_CONFIG');
  });

  it('leaves a stub alone', async () => {
    const stub = { get: () => 'stub', del: () => true };
    const imports = [MeshModule.forRoot({ logger: false }), CacheModule.register(), MeshCacheModule.forRoot()];
    const builder = Test.createTestingModule({ imports }).overrideProvider(CACHE_MANAGER).useValue(stub);
    const app = await (await world.network.override(builder).compile()).createNestApplication(quiet).init();
    expect(app.get(CACHE_MANAGER)).toEqual({ get: stub.get, del: stub.del });
    expect(await codeOf(app.get(MeshCache).wrap('1', () => 1))).toBe('MESH_ERR_CONFIG');
    await app.close();
  });

  it('works on a stub of the bus', async () => {
    const published: unknown[] = [];
    const imports = [MeshModule.forRoot(), CacheModule.register({ isGlobal: true }), MeshCacheModule.forRoot()];
    const testing = await Test.createTestingModule({ imports })
      .overrideProvider(MeshBus)
      .useValue({ publish: (keys: unknown) => void published.push(keys) })
      .compile();
    const app = await testing.createNestApplication(quiet).init();
    const cache = app.get<Cache>(CACHE_MANAGER);
    await cache.set('1', 'one');
    expect(await cache.get('1')).toBe('one');
    await cache.del('1');
    expect(published).toEqual([['invalidate:1']]);
    expect(await app.get(MeshCache).wrap('1', () => 'loaded')).toBe('loaded');
    await app.close();
  });

  const wrong: [name: string, options: object][] = [
    ['a prefix that is no text', { prefix: 7 }],
    ['one prefix for keys and tags', { prefix: 'a:', tagPrefix: 'a:' }],
    ['a prefix without end', { prefix: 'p'.repeat(513) }],
    ['a load timeout of zero', { loadTimeout: 0 }],
    ['a load timeout that no timer waits', { loadTimeout: 2 ** 31 }],
    ['stores that are no list', { localStores: 0 }],
    ['a store that is no place', { localStores: [-1] }],
    ['a store that is not there', { localStores: [1] }],
  ];

  it.each(wrong)('refuses %s', async (_name, options) => {
    expect(await codeOf(world.instance(options))).toMatch(/^MESH_ERR_(CONFIG|ARGUMENT)$/);
  });

  it('takes its options from a factory, and the mesh by its name', async () => {
    const builder = Test.createTestingModule({
      imports: [
        MeshModule.forRoot({ name: 'eu', logger: false }),
        CacheModule.register({ isGlobal: true }),
        MeshCacheModule.forRootAsync({ mesh: 'eu', useFactory: () => ({ prefix: 'eu:' }) }),
      ],
    });
    const app = await (await world.network.override(builder).compile()).createNestApplication(quiet).init();
    const bus = world.network.bus();
    await bus.start();
    await world.network.settled();
    const cache = app.get<Cache>(CACHE_MANAGER);
    await cache.set('1', 'one');
    await bus.publish('eu:1');
    await world.network.settled();
    expect((await cache.get('1')) ?? undefined).toBeUndefined();
    await app.close();
  });
});

describe('CACHE_MANAGER', () => {
  it('lets go of what a resync covers, and of everything on all', async () => {
    const [a] = await world.two();
    const keys = Array.from({ length: 50 }, (_, index) => `user:${index}`);
    await setAll(a, keys);
    world.network.resync({ reason: 'gap', keys: ['invalidate:user:7'] });
    const held = await a.cache.mget(keys);
    expect(held[7] ?? undefined).toBeUndefined();
    expect(held.filter((value) => value !== undefined && value !== null).length).toBeGreaterThan(40);
    world.network.resync({ reason: 'gap' });
    expect((await a.cache.mget(keys)).filter((value) => value !== undefined && value !== null)).toEqual([]);
    expect(a.mesh.stats()).toMatchObject({ resyncs: 2, swept: 1 });
  });

  it('hears globs that others publish', async () => {
    const [a, b] = await world.two();
    await setAll(a, ['user:1', 'user:2', 'order:1']);
    await b.bus.publishMatching('invalidate:user:*');
    await world.network.settled();
    expect(await heldBy(a, ['user:1', 'user:2', 'order:1'])).toEqual([undefined, undefined, 'order:1']);
  });
});

describe('stores', () => {
  const memories: [name: string, make: () => object][] = [
    ['a Map', () => new Keyv({ store: new Map() })],
    ['a Map that Nest makes a Keyv of', () => new Map()],
    ['an LRUCache', () => new Keyv({ store: new LRUCache<string, object>({ max: 100 }) })],
    ['CacheableMemory', () => new Keyv({ store: new CacheableMemory() })],
    ['CacheableMemory that Nest makes a Keyv of', () => new CacheableMemory()],
  ];

  it.each(memories)('finds %s to be in memory', async (_name, make) => {
    const [a, b] = await world.two(() => ({ register: { stores: [make()] } }));
    await setAll(a, ['a:1', 'a:2', 'b:1', 'b:2']);
    await b.cache.del('a:1');
    await b.bus.publishMatching('invalidate:b:*');
    await world.network.settled();
    expect(await heldBy(a, ['a:1', 'a:2', 'b:1', 'b:2'])).toEqual([undefined, 'a:2', undefined, undefined]);
  });
});

/** A store for Keyv that says nothing of itself, and can not list its keys. */
class OwnStore {
  namespace: string | undefined;
  readonly #map = new Map<string, unknown>();
  readonly get = (key: string): unknown => this.#map.get(key);
  readonly set = (key: string, value: unknown): unknown => this.#map.set(key, value);
  readonly delete = (key: string): boolean => this.#map.delete(key);
  readonly clear = (): void => this.#map.clear();
}

describe('a store of which nothing is known', () => {
  it('is taken for shared, with one warning that says what to do', async () => {
    const warnings: string[] = [];
    const store = new OwnStore();
    const a = await world.instance({ register: { stores: [new Map(), store] }, warnings });
    expect(warnings).toEqual([
      'MeshCacheModule can not tell whether these stores of the cache are in memory, and evicts nothing from them: ' +
        '1 (OwnStore). If they are, name the places of those that are: MeshCacheModule.forRoot({ localStores: [0] })',
    ]);
    const b = await world.instance();
    await world.network.settled();
    store.set('1', { value: 'old' });
    expect(await a.cache.wrap('1', () => 'loaded')).toBe('old');
    await b.cache.del('1');
    await world.network.settled();
    expect(await heldBy(a, ['1'])).toEqual(['old']);
  });

  it('is in memory if that is said, and is emptied where some of its keys are covered', async () => {
    const warnings: string[] = [];
    const a = await world.instance({ register: { stores: [new OwnStore()] }, localStores: [0], warnings });
    const b = await world.instance();
    await world.network.settled();
    await setAll(a, ['a:1', 'a:2', 'b:1']);
    await b.cache.del('a:1');
    await world.network.settled();
    expect(await heldBy(a, ['a:1', 'a:2', 'b:1'])).toEqual([undefined, 'a:2', 'b:1']);
    await b.bus.publishMatching('invalidate:a:*');
    await world.network.settled();
    expect(await heldBy(a, ['a:2', 'b:1'])).toEqual([undefined, undefined]);
    expect(warnings).toEqual([]);
  });

  it('is emptied, and tags of what another level holds stay known', async () => {
    const a = await world.instance({ register: { stores: [new Map(), new OwnStore()] }, localStores: [0, 1] });
    await a.mesh.wrap('1', () => 'old', { tags: ['team'] });
    await a.mesh.invalidateMatching('other:*');
    expect(await heldBy(a, ['1'])).toEqual(['old']);
    await a.mesh.invalidateTag('team');
    expect(await heldBy(a, ['1'])).toEqual([undefined]);
  });

  it('is warned of where no store is in memory', async () => {
    const warnings: string[] = [];
    const stores = [new Keyv({ store: new SharedServer().connect() })];
    await world.instance({ register: { stores }, warnings });
    expect(warnings).toEqual([expect.stringContaining('finds no store in memory')]);
  });
});

@Controller()
class ProductsController {
  reads = 0;
  beforeAnswer: () => Promise<void> = async () => Promise.resolve();

  @Get('products')
  @UseInterceptors(CacheInterceptor)
  @CacheKey('products')
  async read(): Promise<number> {
    const read = ++this.reads;
    await this.beforeAnswer();
    return read;
  }
}

describe('CacheInterceptor', () => {
  it('works as it does alone, and hears of others', async () => {
    const a = await world.instance({ metadata: { controllers: [ProductsController] } });
    const b = await world.instance();
    await world.network.settled();
    const read = await reader(a);
    expect([await read(), await read()]).toEqual(['1', '1']);
    await b.cache.del('products');
    await world.network.settled();
    expect([await read(), await read()]).toEqual(['2', '2']);
  });

  it('keeps no response that was overtaken while it was made', async () => {
    const a = await world.instance({ metadata: { controllers: [ProductsController] } });
    const b = await world.instance();
    await world.network.settled();
    const read = await reader(a);
    const controller = a.app.get(ProductsController);
    const [reached, goOn] = [deferred(), deferred()];
    controller.beforeAnswer = async () => {
      reached.resolve();
      await goOn.promise;
    };
    const first = read();
    await reached.promise;
    await b.cache.del('products');
    await world.network.settled();
    goOn.resolve();
    expect([await first, await read(), await read()]).toEqual(['1', '2', '2']);
    expect(a.mesh.stats().overtaken).toBe(1);
  });
});

/** Reads over HTTP. */
async function reader({ app }: Instance): Promise<() => Promise<string>> {
  await app.listen(0, '127.0.0.1');
  const url = `${await app.getUrl()}/products`;
  return async () => (await fetch(url)).text();
}
