import { Inject, Injectable, Optional } from '@nestjs/common';
import { type HealthIndicatorResult, HealthIndicatorService } from '@nestjs/terminus';
import { MeshBus } from '../bus/mesh-bus.js';
import type { MeshStatus } from '../bus/mesh-status.js';
import { MeshError } from '../errors/mesh-error.js';

export interface MeshHealthOptions {
  /** Fewer peers that are alive and no mere clients are not well. Default 0: a mesh of one is. */
  readonly minPeers?: number | undefined;
  /** Whether what is not well is `down` and not `degraded`. Default `false`: such a node still serves. */
  readonly strict?: boolean | undefined;
  /** The bus to look at. Default: that of the `MeshModule` without a name. */
  readonly bus?: MeshBus | undefined;
}

/** What is told along with the status: no keys and no data. */
interface MeshHealth {
  readonly mesh: MeshStatus;
  readonly peers: number;
  /** Nodes that seem to belong to the mesh and can not be read; left out where there are none. */
  readonly unreadable?: number;
}

/**
 * Tells `@nestjs/terminus` how a mesh stands. List it among the `providers` of the module that imports `TerminusModule`.
 *
 * `down`: the bus does not run. `degraded`: it runs, but is isolated, knows fewer than `minPeers`, or hears somebody whom
 * it can not read; where terminus has no such state, before version 12, that is `up` with `degraded: true`. With `strict`
 * it is `down`.
 */
@Injectable()
export class MeshHealthIndicator {
  readonly #indicators: HealthIndicatorService;
  readonly #bus: MeshBus | undefined;

  constructor(
    @Inject(HealthIndicatorService) indicators: HealthIndicatorService,
    @Optional() @Inject(MeshBus) bus?: MeshBus,
  ) {
    this.#indicators = indicators;
    this.#bus = bus;
  }

  /**
   * How the mesh stands now; nothing is sent to find out.
   *
   * @param key the name under which the result appears
   * @throws MeshError `MESH_ERR_CONFIG` there is no bus to look at, or `minPeers` is no whole number from 0
   */
  isHealthy<const Key extends string>(key: Key, options: MeshHealthOptions = {}): Promise<HealthIndicatorResult<Key>> {
    return new Promise((resolve) => resolve(this.#judge(key, options)));
  }

  #judge<Key extends string>(key: Key, options: MeshHealthOptions): HealthIndicatorResult<Key> {
    const bus = options.bus ?? this.#bus;
    if (bus === undefined) {
      throw new MeshError(
        'MESH_ERR_CONFIG',
        'MeshHealthIndicator finds no MeshBus: import MeshModule, or give it { bus }',
      );
    }
    const minPeers = checkMinPeers(options.minPeers ?? 0);
    const unreadable = bus.snapshot().unreadable.length;
    const health: MeshHealth = { mesh: bus.status, peers: countMembers(bus), ...(unreadable > 0 && { unreadable }) };
    const session = this.#indicators.check(key);
    if (bus.status !== 'ready' && bus.status !== 'isolated')
      return session.down({ ...health, message: 'it does not run' });
    const fault = findFault(health, minPeers);
    if (fault === undefined) return session.up({ ...health });
    const detail = { ...health, message: fault };
    if (options.strict === true) return session.down(detail);
    return knowsDegraded(session) ? session.degraded(detail) : session.up({ ...detail, degraded: true });
  }
}

function checkMinPeers(minPeers: number): number {
  if (Number.isSafeInteger(minPeers) && minPeers >= 0) return minPeers;
  throw new MeshError('MESH_ERR_CONFIG', `minPeers is ${minPeers}: it must be a whole number, 0 or more`);
}

/** Clients only publish: they hold nothing that an invalidation would have to reach. */
function countMembers(bus: MeshBus): number {
  return bus.peers().filter(({ state, role }) => state === 'alive' && role === 'member').length;
}

function findFault({ mesh, peers, unreadable = 0 }: MeshHealth, minPeers: number): string | undefined {
  if (mesh === 'isolated') return 'every peer that was known has gone silent';
  if (peers < minPeers) return `fewer peers than ${minPeers}`;
  if (unreadable === 0) return undefined;
  return `${unreadable === 1 ? 'a node' : `${unreadable} nodes`} can not be read: has every one the same secret?`;
}

function knowsDegraded(session: object): boolean {
  return 'degraded' in session;
}
