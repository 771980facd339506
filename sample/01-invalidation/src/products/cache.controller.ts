import { Controller, Get } from '@nestjs/common';
import { type Eviction, ProductsCache, type ResyncReport } from './products.cache.js';

export interface CacheReport {
  readonly keys: readonly string[];
  readonly evictions: readonly Eviction[];
  readonly resyncs: readonly ResyncReport[];
}

@Controller('cache')
export class CacheController {
  constructor(private readonly cache: ProductsCache) {}

  /** What this instance holds, and what it has let go lately and why. */
  @Get()
  report(): CacheReport {
    return { keys: this.cache.keys(), evictions: this.cache.evictions(), resyncs: this.cache.resyncs() };
  }
}
