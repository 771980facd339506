import { Controller, Get } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import { MeshBus, MeshClient, type MeshPeer, MeshRequestBuilder } from 'nestjs-mesh';
import { lastValueFrom, toArray } from 'rxjs';
import { type CacheStats, ProductsCache } from './products.cache.js';

export interface StatsOfAll {
  readonly answered: readonly CacheStats[];
  /** They are known, and have said nothing in time. */
  readonly silent: readonly Pick<MeshPeer, 'id' | 'address'>[];
}

/** Long for a question on one network, and short for somebody who waits. */
const PATIENCE_MS = 1000;

@Controller('stats')
export class StatsController {
  constructor(
    private readonly cache: ProductsCache,
    private readonly bus: MeshBus,
    private readonly mesh: MeshClient,
  ) {}

  /** Asks every instance, this one too, and says who has not answered. */
  @Get()
  async ofAll(): Promise<StatsOfAll> {
    const peers = this.bus.peers();
    const question = new MeshRequestBuilder().timeout(PATIENCE_MS).build();
    // This instance answers in any case: so the time that is over for another one is no failure.
    const answered = await lastValueFrom(this.mesh.send<CacheStats>('cache:stats', question).pipe(toArray()));
    const silent = peers.filter(({ id }) => !answered.some(({ node }) => node === id));
    return {
      answered: answered.sort((one, other) => one.instance.localeCompare(other.instance)),
      silent: silent.map(({ id, address }) => ({ id, address })),
    };
  }

  /** The answer of this instance, to whichever asks. */
  @MessagePattern('cache:stats')
  stats(): CacheStats {
    return this.cache.stats();
  }
}
