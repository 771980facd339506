import {
  Controller,
  Get,
  Inject,
  Injectable,
  type INestApplication,
  Module,
  type ModuleMetadata,
  UseInterceptors,
} from '@nestjs/common';
import { CACHE_MANAGER, CacheInterceptor, CacheKey, CacheModule } from '@nestjs/cache-manager';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Test } from '@nestjs/testing';
import { CacheableMemory } from 'cacheable';
import { Keyv } from 'keyv';
import { LRUCache } from 'lru-cache';
import { MeshBus, MeshModule } from 'nestjs-mesh';
import { MeshCache, MeshCacheModule, type MeshCacheModuleOptions } from 'nestjs-mesh/cache';
import { createMemoryMesh, MemoryMesh } from 'nestjs-mesh/testing';
import { deferred } from '../../lib/bus/deferred.js';
import { codeOf } from '../support/codes.js';
import { quiet } from './support/applications.js';

/** What the spec uses of `CACHE_MANAGER`; that of Nest 11 is cache-manager 6, that of Nest 12 is 7. */
interface Cache {
  get(key: string): Promise<unknown>;
  mget(keys: string[]): Promise<unknown[]>;
  set(key: string, value: unknown, ttl?: number): Promise<unknown>;
  mset(items: { key: string; value: unknown }[]): Promise<unknown>;
  del(key: string): Promise<boolean>;
  mdel(keys: string[]): Promise<boolean>;
  clear(): Promise<boolean>;
  wrap(key: string, load: () => unknown, ttl?: number, refreshThreshold?: number): Promise<unknown>;
  on(event: string, listener: (event: unknown) => void): unknown;
}

interface Instance {
  readonly app: INestApplication;
  readonly cache: Cache;
  readonly mesh: MeshCache;
  readonly bus: MeshBus;
}

interface InstanceOptions extends MeshCacheModuleOptions {
  readonly stores?: object[];
  readonly metadata?: ModuleMetadata;
}

let network: MemoryMesh;
const apps: INestApplication[] = [];

beforeEach(() => {
  network = createMemoryMesh();
});
afterEach(async () => {
  for (const app of apps.splice(0)) await app.close();
  await network.close();
});

async function instance({ stores, metadata, ...options }: InstanceOptions = {}): Promise<Instance> {
  const testing = await network
    .override(
      Test.createTestingModule({
        ...metadata,
        imports: [
          MeshModule.forRoot({ cluster: 'shop', logger: false }),
          CacheModule.register({ isGlobal: true, ...(stores && { stores: stores as Keyv[] }) }),
          MeshCacheModule.forRoot(options),
          ...(metadata?.imports ?? []),
        ],
      }),
    )
    .compile();
  const app = testing.createNestApplication(quiet);
  apps.push(app);
  await app.init();
  return { app, cache: app.get<Cache>(CACHE_MANAGER), mesh: app.get(MeshCache), bus: app.get(MeshBus) };
}

async function two(options?: InstanceOptions): Promise<readonly [Instance, Instance]> {
  const instances = [await instance(options), await instance(options)] as const;
  await network.settled();
  return instances;
}

describe('CACHE_MANAGER', () => {
  it('announces what it deletes, and hears what others do', async () => {
    const [a, b] = await two();
    for (const { cache } of [a, b]) for (const key of ['1', '2', '3', '4']) await cache.set(key, `old ${key}`);
    await a.cache.del('1');
    await b.cache.mdel(['2', '3']);
    await network.settled();
    for (const { cache } of [a, b]) {
      expect((await cache.mget(['1', '2', '3', '4'])).map((value) => value ?? undefined)).toEqual([
        undefined,
        undefined,
        undefined,
        'old 4',
      ]);
    }
    await a.cache.clear();
    await network.settled();
    expect(await b.cache.get('4')).not.toBe('old 4');
  });

  it('tells nobody of what it sets, and says nothing again of what it hears', async () => {
    const [a, b] = await two();
    await a.cache.set('1', 'one');
    await b.cache.wrap('2', () => 'two');
    expect([a.bus.metrics().published, b.bus.metrics().published]).toEqual([0, 0]);
    await a.cache.del('2');
    await network.settled();
    expect([a.bus.metrics().published, b.bus.metrics().published]).toEqual([1, 0]);
    expect(b.mesh.stats().invalidated).toBe(1);
  });

  it('refuses a set whose miss has been overtaken, once', async () => {
    const [a, b] = await two();
    expect((await b.cache.get('1')) ?? undefined).toBeUndefined();
    await a.cache.del('1');
    await network.settled();
    expect(await b.cache.set('1', 'old')).toBe('old');
    expect((await b.cache.get('1')) ?? undefined).toBeUndefined();
    expect(b.mesh.stats().overtaken).toBe(1);
    await b.cache.set('1', 'new');
    expect(await b.cache.get('1')).toBe('new');
  });

  it('gives what wrap has loaded, and keeps it only where nothing has overtaken it', async () => {
    const [a, b] = await two();
    const old = deferred<string>();
    const first = b.cache.wrap('1', () => old.promise);
    await network.settled();
    await a.cache.del('1');
    await network.settled();
    const second = b.cache.wrap('1', () => 'new');
    old.resolve('old');
    expect([await first, await second]).toEqual(['old', 'new']);
    expect(await b.cache.get('1')).toBe('new');
    expect(b.mesh.stats().overtaken).toBe(1);
  });

  it('lets go of what a resync covers, and of everything on all', async () => {
    const [a] = await two();
    const keys = Array.from({ length: 50 }, (_, index) => `user:${index}`);
    for (const key of keys) await a.cache.set(key, key);
    network.resync({ reason: 'gap', keys: ['invalidate:user:7'] });
    const held = await a.cache.mget(keys);
    expect(held[7] ?? undefined).toBeUndefined();
    expect(held.filter((value) => value !== undefined && value !== null).length).toBeGreaterThan(40);
    network.resync({ reason: 'gap' });
    expect((await a.cache.mget(keys)).filter((value) => value !== undefined && value !== null)).toEqual([]);
    expect(a.mesh.stats()).toMatchObject({ resyncs: 2, swept: 1 });
  });

  it('hears globs that others publish', async () => {
    const [a, b] = await two();
    for (const key of ['user:1', 'user:2', 'order:1']) await a.cache.set(key, key);
    await b.bus.publishMatching('invalidate:user:*');
    await network.settled();
    expect((await a.cache.mget(['user:1', 'user:2', 'order:1'])).map((value) => value ?? undefined)).toEqual([
      undefined,
      undefined,
      'order:1',
    ]);
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
    const [a, b] = [await instance({ stores: [make()] }), await instance({ stores: [make()] })];
    await network.settled();
    for (const key of ['a:1', 'a:2', 'b:1', 'b:2']) await a.cache.set(key, key);
    await b.cache.del('a:1');
    await b.bus.publishMatching('invalidate:b:*');
    await network.settled();
    expect((await a.cache.mget(['a:1', 'a:2', 'b:1', 'b:2'])).map((value) => value ?? undefined)).toEqual([
      undefined,
      'a:2',
      undefined,
      undefined,
    ]);
  });
});

describe('MeshCache', () => {
  it('keeps what it loads, for all who ask meanwhile, until it is invalidated', async () => {
    const [a, b] = await two();
    let loads = 0;
    const read = (): Promise<number> => a.mesh.wrap('1', async () => Promise.resolve(++loads));
    expect(await Promise.all([read(), read(), read()])).toEqual([1, 1, 1]);
    expect(await read()).toBe(1);
    await b.mesh.invalidate('1');
    await network.settled();
    expect(await read()).toBe(2);
    expect(a.mesh.stats()).toMatchObject({ hits: 1, misses: 2, joined: 2, invalidated: 1 });
  });

  it('puts a value here, and drops those of others', async () => {
    const [a, b] = await two();
    await b.mesh.wrap('1', () => 'old');
    await a.mesh.put('1', 'new');
    await network.settled();
    expect([await a.mesh.wrap('1', () => 'loaded'), await b.mesh.wrap('1', () => 'loaded')]).toEqual(['new', 'loaded']);
  });

  it('invalidates by tags', async () => {
    const [a, b] = await two();
    for (const { mesh } of [a, b]) {
      await mesh.wrap('1', () => 'old', { tags: ['user:42', 'x'] });
      await mesh.wrap('2', () => 'old', { tags: ['x'] });
    }
    await a.mesh.invalidateTag('user:42');
    await network.settled();
    for (const { mesh } of [a, b]) {
      expect([await mesh.wrap('1', () => 'new'), await mesh.wrap('2', () => 'new')]).toEqual(['new', 'old']);
    }
  });

  it('rejects what is no key', async () => {
    const { mesh } = await instance();
    expect(await codeOf(mesh.wrap('', () => 1))).toBe('MESH_ERR_KEY');
    expect(await codeOf(mesh.put('1', undefined))).toBe('MESH_ERR_ARGUMENT');
  });
});

@Injectable()
class Products {
  constructor(@Inject(CACHE_MANAGER) readonly cache: Cache) {}
}

@Controller()
class ProductsController {
  reads = 0;
  @Get('products')
  @UseInterceptors(CacheInterceptor)
  @CacheKey('products')
  read(): number {
    return ++this.reads;
  }
}

@Module({ providers: [Products], controllers: [ProductsController] })
class ProductsModule {}

it('leaves CacheInterceptor as it is', async () => {
  const a = await instance({ metadata: { imports: [ProductsModule] } });
  const b = await instance();
  await network.settled();
  await a.app.listen(0, '127.0.0.1');
  const read = async (): Promise<string> => (await fetch(`${await a.app.getUrl()}/products`)).text();
  expect([await read(), await read()]).toEqual(['1', '1']);
  await b.cache.del('products');
  await network.settled();
  expect([await read(), await read()]).toEqual(['2', '2']);
});
