import {
  ConfigurableModuleBuilder,
  type ConfigurableModuleAsyncOptions,
  type DynamicModule,
  Module,
} from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import type { MeshBus } from '../bus/mesh-bus.js';
import { overridable } from '../nest/module/overridden-bus.js';
import { meshBusToken } from '../nest/module/mesh.tokens.js';
import { nestLogger } from '../nest/nest-logger.js';
import { CacheBinder } from './cache-binder.js';
import { MeshCache } from './mesh-cache.js';
import { type MeshCacheModuleOptions, type ResolvedCacheOptions, resolveCacheOptions } from './mesh-cache-options.js';

type Extras = Pick<MeshCacheModuleOptions, 'mesh' | 'isGlobal'>;
type Options = Omit<MeshCacheModuleOptions, keyof Extras>;

/** Options of `MeshCacheModule.forRootAsync`: `imports`, `inject`, and one of `useFactory`, `useClass`, `useExisting`. */
export type MeshCacheModuleAsyncOptions = ConfigurableModuleAsyncOptions<Options, 'createMeshCacheOptions'> & Extras;

const CACHE_OPTIONS = 'MESH_CACHE_OPTIONS';
const RESOLVED_OPTIONS = 'MESH_CACHE_RESOLVED_OPTIONS';

const { ConfigurableModuleClass } = new ConfigurableModuleBuilder<Options>({ optionsInjectionToken: CACHE_OPTIONS })
  .setClassMethodName('forRoot')
  .setFactoryMethodName('createMeshCacheOptions')
  .setExtras<Extras>({ mesh: undefined, isGlobal: undefined }, defineCache)
  .build();

/**
 * Lets the caches that `CacheModule.register()` of `@nestjs/cache-manager` makes agree with those of all other instances.
 * What `del`, `mdel` and `clear` of `CACHE_MANAGER` delete goes everywhere; `set` and `wrap` tell nobody. Gives `MeshCache`.
 */
@Module({})
export class MeshCacheModule extends ConfigurableModuleClass {
  /** @throws MeshError `MESH_ERR_CONFIG` when the application starts: wrong options, or no cache */
  static override forRoot(options: MeshCacheModuleOptions = {}): DynamicModule {
    return super.forRoot(options);
  }

  /** @throws MeshError as `forRoot` */
  static override forRootAsync(options: MeshCacheModuleAsyncOptions): DynamicModule {
    return super.forRootAsync(options);
  }
}

function defineCache(definition: DynamicModule, { mesh, isGlobal }: Extras): DynamicModule {
  return {
    ...definition,
    global: isGlobal ?? true,
    providers: [
      ...(definition.providers ?? []),
      {
        provide: RESOLVED_OPTIONS,
        inject: [CACHE_OPTIONS],
        useFactory: (options: Options | undefined) => resolveCacheOptions(options ?? {}, nestLogger()),
      },
      {
        provide: CacheBinder,
        inject: [meshBusToken(mesh), ModulesContainer, RESOLVED_OPTIONS],
        useFactory: (bus: MeshBus, modules: ModulesContainer, options: ResolvedCacheOptions) =>
          new CacheBinder(overridable(bus), modules, options),
      },
      {
        provide: MeshCache,
        inject: [CacheBinder, RESOLVED_OPTIONS],
        useFactory: (binder: CacheBinder, { loadTimeout }: ResolvedCacheOptions) =>
          new MeshCache(() => binder.first(), loadTimeout),
      },
    ],
    exports: [MeshCache],
  };
}
