import { Controller, Get, type MessageEvent, Sse } from '@nestjs/common';
import { MeshBus } from 'nestjs-mesh';
import { MeshCache } from 'nestjs-mesh/cache';
import { map, type Observable, timer } from 'rxjs';
import { INSTANCE } from '../settings.js';
import type { InstanceReport } from './instance-report.js';
import { Sampler } from './sampler.js';

const TELL_EVERY_MS = 250;
/** How soon a browser asks again when the instance is gone, for it may come back. */
const RETRY_MS = 500;

@Controller()
export class WatchController {
  constructor(
    private readonly bus: MeshBus,
    private readonly cache: MeshCache,
    private readonly sampler: Sampler,
  ) {}

  @Get('report')
  report(): InstanceReport {
    const { status, peers } = this.bus.snapshot();
    return {
      name: INSTANCE,
      pid: process.pid,
      status,
      peers: peers.filter(({ state }) => state === 'alive').length,
      cache: this.cache.stats(),
      samples: this.sampler.samples,
    };
  }

  /** The same as server-sent events, four times a second. */
  @Sse('events')
  events(): Observable<MessageEvent> {
    return timer(0, TELL_EVERY_MS).pipe(map(() => ({ data: this.report(), retry: RETRY_MS })));
  }
}
