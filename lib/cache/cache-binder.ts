import type { OnModuleInit } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import { CACHE_MANAGER } from '@nestjs/cache-manager';
import type { MeshBus } from '../bus/mesh-bus.js';
import { MeshError } from '../errors/mesh-error.js';
import { BoundManager } from './bound-manager.js';
import type { CacheManager } from './manager-shapes.js';
import type { ResolvedCacheOptions } from './mesh-cache-options.js';

/** Binds every cache that an application has registered with `CacheModule`, when it initialises or one is first used. */
export class CacheBinder implements OnModuleInit {
  readonly #bus: MeshBus;
  readonly #modules: ModulesContainer;
  readonly #options: ResolvedCacheOptions;
  /** The first that was registered comes first. */
  readonly #bound = new Map<CacheManager, BoundManager>();

  constructor(bus: MeshBus, modules: ModulesContainer, options: ResolvedCacheOptions) {
    this.#bus = bus;
    this.#modules = modules;
    this.#options = options;
  }

  onModuleInit(): void {
    this.#bind();
  }

  /**
   * The cache that `MeshCache` keeps its entries in: the first that was registered.
   *
   * @throws MeshError `MESH_ERR_CONFIG`
   */
  first(): BoundManager {
    // While an application is made, some of its caches may not be there yet.
    if (this.#bound.size === 0) this.#bind();
    for (const first of this.#bound.values()) return first;
    throw new MeshError(
      'MESH_ERR_CONFIG',
      'MeshCache has no cache: CACHE_MANAGER is a stub, which has no stores, or is not made yet before onModuleInit',
    );
  }

  /** Binds those that are there and are not bound. */
  #bind(): void {
    for (const manager of this.#managers()) {
      if (!isManager(manager) || this.#bound.has(manager)) continue;
      this.#bound.set(manager, new BoundManager(this.#bus, manager, this.#options));
    }
  }

  #managers(): unknown[] {
    const managers = new Set<unknown>();
    for (const { providers } of this.#modules.values()) {
      const wrapper = providers.get(CACHE_MANAGER);
      if (wrapper !== undefined) managers.add(wrapper.instance);
    }
    if (managers.size > 0) return [...managers];
    throw new MeshError(
      'MESH_ERR_CONFIG',
      'MeshCacheModule finds no cache: import CacheModule.register() of @nestjs/cache-manager too',
    );
  }
}

/** A test may put a stub in the place of a cache, which is then left alone. */
function isManager(value: unknown): value is CacheManager {
  return typeof value === 'object' && value !== null && 'stores' in value && Array.isArray(value.stores);
}
