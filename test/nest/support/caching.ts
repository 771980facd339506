import type { INestApplication, LoggerService, ModuleMetadata } from '@nestjs/common';
import { CACHE_MANAGER, CacheModule } from '@nestjs/cache-manager';
import { Test } from '@nestjs/testing';
import type { Keyv } from 'keyv';
import { MeshBus, MeshModule, type MeshOptions } from 'nestjs-mesh';
import { MeshCache, MeshCacheModule, type MeshCacheModuleOptions } from 'nestjs-mesh/cache';
import { createMemoryMesh } from 'nestjs-mesh/testing';
import { quiet } from './applications.js';

/** What specs use of `CACHE_MANAGER`: that of Nest 11 is cache-manager 6 here, that of Nest 12 is 7. */
export interface Cache {
  get(key: string): Promise<unknown>;
  mget(keys: string[]): Promise<unknown[]>;
  set(key: string, value: unknown, ttl?: number): Promise<unknown>;
  mset(items: { key: string; value: unknown }[]): Promise<unknown>;
  del(key: string): Promise<boolean>;
  mdel(keys: string[]): Promise<boolean>;
  clear(): Promise<boolean>;
  wrap(key: string, load: () => unknown, options?: unknown): Promise<unknown>;
  on(event: string, listener: (event: unknown) => void): unknown;
}

export interface Instance {
  readonly app: INestApplication;
  readonly cache: Cache;
  readonly mesh: MeshCache;
  readonly bus: MeshBus;
}

export interface InstanceOptions extends MeshCacheModuleOptions {
  /** What `CacheModule.register` takes besides `isGlobal`. */
  readonly register?: { readonly stores?: readonly object[]; readonly [name: string]: unknown };
  readonly meshOptions?: MeshOptions;
  readonly metadata?: ModuleMetadata;
  /** Gets what the application warns of. */
  readonly warnings?: string[];
}

/** Applications with caches on one mesh in memory. */
export class CachingWorld {
  readonly network = createMemoryMesh();
  readonly #apps: INestApplication[] = [];

  async instance({ register, meshOptions, metadata, warnings, ...options }: InstanceOptions = {}): Promise<Instance> {
    const builder = Test.createTestingModule({
      ...metadata,
      imports: [
        MeshModule.forRoot({ cluster: 'shop', logger: false, ...meshOptions }),
        CacheModule.register({ isGlobal: true, ...(register as { stores?: Keyv[] }) }),
        MeshCacheModule.forRoot(options),
        ...(metadata?.imports ?? []),
      ],
    });
    const testing = await this.network.override(builder).compile();
    const app = testing.createNestApplication(quiet);
    if (warnings !== undefined) app.useLogger(noting(warnings));
    this.#apps.push(app);
    await app.init();
    return { app, cache: app.get<Cache>(CACHE_MANAGER), mesh: app.get(MeshCache), bus: app.get(MeshBus) };
  }

  /** Two that know each other, each made with options of its own. */
  async two(makeOptions: () => InstanceOptions = () => ({})): Promise<readonly [Instance, Instance]> {
    const instances = [await this.instance(makeOptions()), await this.instance(makeOptions())] as const;
    await this.network.settled();
    return instances;
  }

  async close(): Promise<void> {
    for (const app of this.#apps.splice(0)) await app.close();
    await this.network.close();
  }
}

/** What the keys hold; cache-manager 6 says `null` of those that hold nothing, and 7 `undefined`. */
export async function heldBy({ cache }: Instance, keys: readonly string[]): Promise<unknown[]> {
  return (await cache.mget([...keys])).map((value) => value ?? undefined);
}

function noting(warnings: string[]): LoggerService {
  const ignore = (): void => undefined;
  return { log: ignore, error: ignore, warn: (message: unknown) => void warnings.push(String(message)) };
}
