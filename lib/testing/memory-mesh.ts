import type { BusEngine, BusInternals } from '../bus/bus-engine.js';
import { checkWholeNumber } from '../bus/checks.js';
import { MeshBus } from '../bus/mesh-bus.js';
import { closedError } from '../bus/mesh-session.js';
import { MeshError } from '../errors/mesh-error.js';
import { MESH_INTERNALS } from '../nest/module/mesh.tokens.js';
import type { MeshOptions } from '../options/mesh-options.js';
import { bucketOf, BucketSet } from '../primitives/bucket-set.js';
import type { Instant } from '../primitives/instant.js';
import { MemoryClock } from './memory-clock.js';
import { MemoryHosts } from './memory-hosts.js';
import type {
  MemoryMeshOptions,
  MeshSettledOptions,
  MeshTestResync,
  OverridableModule,
} from './memory-mesh-options.js';
import { MemoryNetwork } from './memory-network.js';
import { MeshLoss, type MeshLossOptions } from './mesh-loss.js';
import { Pacer } from './pacer.js';
import { Partitions } from './partitions.js';
import { Settling } from './settling.js';
import { UnderWay } from './under-way.js';

const DEFAULT_TIMEOUT_MS = 2000;
/** For what somebody waits, time passes at most so far without being told to: then the wait is in vain. */
const PATIENCE_MS = 60_000;

/**
 * A network in memory, with all buses that are made on it: real ones, but for the sockets, the clock and chance.
 *
 * Its time is its own, and no real time is waited for. It stands still unless somebody awaits that a bus starts, sends or
 * closes, or a datagram is under way; `settled` and `advance` let it pass. No fake timers hold it up, nor make it pass.
 */
export class MemoryMesh {
  /** For the library itself. */
  readonly internals: BusInternals;
  readonly #clock = new MemoryClock(() => this.#pacer.wake());
  readonly #network = new MemoryNetwork(this.#clock);
  readonly #pacer = new Pacer(this.#clock, () => this.#horizon());
  readonly #underWay = new UnderWay();
  readonly #partitions = new Partitions();
  readonly #losses = new Set<MeshLoss>();
  readonly #ids = new Set<string>();
  #awaitedSince: Instant | undefined;
  #isClosed = false;

  /** @throws MeshError `MESH_ERR_ARGUMENT` */
  constructor({ seed = 1 }: MemoryMeshOptions = {}) {
    checkWholeNumber('seed', seed, 0, 0xffff_ffff);
    const hosts = new MemoryHosts(this.#network, seed);
    this.internals = {
      makePorts: (options) => hosts.add(options),
      makeId: () => hosts.makeId(),
      onMade: (engine) => this.#add(engine),
      onRun: (engine, run) => this.#underWay.noteRun(engine, run),
    };
    this.#network.isCut = (from, to) => this.#partitions.isCut(from, to);
    this.#network.isLost = (datagram, to) => [...this.#losses].some((loss) => loss.takes(datagram, to));
  }

  /**
   * A bus on this network, for instance in the place of another instance. It is idle, as `new MeshBus(options)` is; with
   * no `logger` it says nothing.
   *
   * @throws MeshError `MESH_ERR_CONFIG`, `MESH_ERR_CLOSED`
   */
  bus(options: MeshOptions = {}): MeshBus {
    return new MeshBus({ logger: false, ...options }, this.internals);
  }

  /**
   * Puts every `MeshModule` of the module that is built on this network, whatever its options and names. Servers and
   * clients with options of their own, `new MeshServer({ … })`, are not reached by it.
   *
   * @param builder `Test.createTestingModule(…)` of `@nestjs/testing`
   * @returns the builder
   */
  override<Builder extends OverridableModule>(builder: Builder): Builder {
    builder.overrideProvider(MESH_INTERNALS).useValue(this.internals);
    return builder;
  }

  /**
   * Lets time pass until nothing happens any more: buses have started or closed, what was published has been delivered,
   * repaired or given up for a resync, peers that fell silent have been given up, and all handlers have ended.
   *
   * @throws MeshError `MESH_ERR_TIMEOUT` with what it still waits for, `MESH_ERR_ARGUMENT`, as rejections
   */
  async settled({ timeout = DEFAULT_TIMEOUT_MS }: MeshSettledOptions = {}): Promise<void> {
    checkWholeNumber('timeout', timeout, 0, Number.MAX_SAFE_INTEGER);
    return new Promise((resolve, reject) => {
      const parts = { clock: this.#clock, underWay: this.#underWay, timeoutMs: timeout };
      this.#pacer.pursue(new Settling({ ...parts, resolve, reject }));
    });
  }

  /**
   * Lets so much time of the mesh pass, in milliseconds, and all happen that it brings.
   *
   * @throws MeshError `MESH_ERR_ARGUMENT`, as a rejection
   */
  async advance(ms: number): Promise<void> {
    checkWholeNumber('the time to advance', ms, 0, Number.MAX_SAFE_INTEGER);
    const end = this.#clock.now() + ms;
    return new Promise((resolve) => {
      const review = (nextAt: Instant | undefined): boolean => {
        if (nextAt !== undefined && nextAt <= end) return false;
        this.#clock.goOnTo(end);
        resolve();
        return true;
      };
      this.#pacer.pursue({ horizon: end, review });
    });
  }

  /**
   * Loses the next `count` datagrams that carry events, for the first time or again, each for all of its receivers. What
   * else nodes say to each other gets through. One that is lost is repaired; `Infinity` of them end as a resync.
   *
   * @throws MeshError `MESH_ERR_ARGUMENT`
   */
  lose(count: number, options: MeshLossOptions = {}): MeshLoss {
    if (count !== Number.POSITIVE_INFINITY) {
      checkWholeNumber('the number of datagrams to lose', count, 1, Number.MAX_SAFE_INTEGER);
    }
    this.#checkOwn([options.from, options.to].filter((bus) => bus !== undefined));
    const loss = new MeshLoss(count, options);
    this.#losses.add(loss);
    return loss;
  }

  /**
   * Lets nothing through from one side to another. All buses that no side names are one further side, those that are
   * made later among them.
   *
   * @returns what undoes it
   * @throws MeshError `MESH_ERR_ARGUMENT`
   */
  partition(...sides: readonly (readonly MeshBus[])[]): () => void {
    this.#checkOwn(sides.flat());
    return this.#partitions.add(sides);
  }

  /** Undoes every partition, and loses nothing more. */
  heal(): void {
    this.#partitions.clear();
    this.#losses.clear();
  }

  /**
   * Tells handlers, before it returns, that keys may have been missed, as if that had come to pass.
   *
   * @throws MeshError `MESH_ERR_ARGUMENT`
   */
  resync({ reason = 'gap', keys, buses }: MeshTestResync = {}): void {
    this.#checkOwn(buses ?? []);
    const ids = buses === undefined ? this.#ids : new Set(buses.map(({ id }) => id));
    for (const { id, audience } of this.#underWay.engines) {
      if (ids.has(id)) audience.raise({ reason, origin: undefined, buckets: bucketsOf(keys) });
    }
  }

  /** Closes all buses of the mesh, those of applications too. Idempotent, and final. Nothing stays open. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all(this.#underWay.engines.map(({ session }) => session.close()));
  }

  #add(engine: BusEngine): void {
    if (this.#isClosed) throw closedError();
    this.#ids.add(engine.id);
    this.#underWay.add(engine);
  }

  #horizon(): Instant {
    if (!this.#underWay.isAwaited()) this.#awaitedSince = undefined;
    else this.#awaitedSince ??= this.#clock.now();
    const patience = this.#awaitedSince === undefined ? Number.NEGATIVE_INFINITY : this.#awaitedSince + PATIENCE_MS;
    return Math.max(this.#network.lastArrivalAt, patience);
  }

  #checkOwn(buses: readonly MeshBus[]): void {
    const other = buses.find(({ id }) => !this.#ids.has(id));
    if (other === undefined) return;
    throw new MeshError('MESH_ERR_ARGUMENT', `the bus ${other.id} is none of this mesh: make it with mesh.bus()`);
  }
}

function bucketsOf(keys: readonly string[] | undefined): BucketSet | 'all' {
  if (keys === undefined) return 'all';
  const buckets = new BucketSet();
  for (const key of keys) buckets.add(bucketOf(key));
  return buckets;
}
