import { MeshNode } from '../core/mesh-node.js';
import type { NodeEvent, NodeStatus } from '../core/node-event.js';
import type { NodeSealing } from '../core/sealing.js';
import { loadOf, type OutgoingEvent, type Publication } from '../delivery/pending-event.js';
import { MeshError } from '../errors/mesh-error.js';
import type { ResolvedMeshOptions } from '../options/resolved-mesh-options.js';
import { assertNever } from '../primitives/assert-never.js';
import type { NodeId } from '../primitives/node-id.js';
import { MeshDriver } from '../runtime/mesh-driver.js';
import type { Clock, RuntimePorts, TransportWarning } from '../runtime/ports.js';
import { onAbort } from './abort.js';
import { type Deferred, deferred } from './deferred.js';
import { Flushes } from './flushes.js';
import type { MeshRole } from './mesh-peer.js';
import type { MeshStatus } from './mesh-status.js';

/** What the core tells that concerns more than the session. */
export type HeardEvent = Exclude<NodeEvent, { readonly kind: 'flushed' | 'status' }>;

export interface SessionParts {
  readonly id: NodeId;
  readonly role: MeshRole;
  readonly options: ResolvedMeshOptions;
  readonly sealing: NodeSealing | undefined;
  /** Makes ports and opens none. Called again for each attempt to start. */
  readonly makePorts: (options: ResolvedMeshOptions) => RuntimePorts;
  readonly onEvent: (event: HeardEvent) => void;
  readonly onWarning: (warning: TransportWarning) => void;
  /** What is to end before others are told goodbye. */
  readonly beforeClose: () => Promise<void> | undefined;
  readonly onStatus: (status: MeshStatus, previous: MeshStatus) => void;
}

/** One attempt to take part, from its sockets to its end. */
interface Run {
  readonly driver: MeshDriver;
  readonly flushes: Flushes;
  readonly ready: Deferred;
}

/** How a bus comes and goes: it starts once, or again where that failed; it publishes meanwhile; it closes for good. */
export class MeshSession {
  readonly #parts: SessionParts;
  #status: MeshStatus = 'idle';
  #ports: RuntimePorts | undefined;
  #run: Run | undefined;
  #starting: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  constructor(parts: SessionParts) {
    this.#parts = parts;
  }

  get status(): MeshStatus {
    return this.#status;
  }

  get clock(): Clock {
    return this.#currentPorts().clock;
  }

  /** Of the current or the last run; `undefined` before the first. */
  get driver(): MeshDriver | undefined {
    return this.#run?.driver;
  }

  /** Whether something that was published has not been handed to the kernel yet. */
  get isFlushing(): boolean {
    return this.#run?.flushes.isAwaited === true;
  }

  /** Memoised, and forgotten where it fails. */
  start(): Promise<void> {
    if (this.#closing !== undefined) return Promise.reject(closedError());
    // Known before anything is told: who is told of `joining` may call start() himself.
    const started = deferred();
    const starting = (this.#starting ??= started.promise);
    if (starting === started.promise) this.#start().then(started.resolve, started.reject);
    return starting;
  }

  /** Idempotent, and possible at any time: what waits is sent, others are told, sockets are closed. */
  close(): Promise<void> {
    const closed = deferred();
    const closing = (this.#closing ??= closed.promise);
    if (closing === closed.promise) this.#close().then(closed.resolve, closed.reject);
    return closing;
  }

  /**
   * Takes all events, and returns the promise of their flush.
   *
   * @throws MeshError `MESH_ERR_NOT_STARTED`, `MESH_ERR_CLOSED`, `MESH_ERR_BACKPRESSURE`: none was taken
   */
  publish(events: readonly OutgoingEvent[], signal: AbortSignal | undefined): Promise<void> {
    const run = this.#openRun();
    if (events.length === 0) return Promise.resolve();
    const publication = run.driver.publish(events);
    if (publication === undefined) throw this.#backpressure(events);
    const flushed = run.flushes.wait(publication.ticket);
    return signal === undefined ? flushed : withdrawable(run, publication, signal);
  }

  /** @throws MeshError `MESH_ERR_NOT_STARTED`, `MESH_ERR_CLOSED` */
  checkRuns(): void {
    this.#openRun();
  }

  async #start(): Promise<void> {
    const { driver, flushes, ready } = this.#makeRun();
    this.#become('joining');
    try {
      // Who was told of `joining` may have closed the bus.
      if (this.#closing !== undefined) throw closedError();
      await Promise.all([driver.open(), ready.promise]);
    } catch (cause) {
      if (this.#closing === undefined) {
        flushes.fail(new MeshError('MESH_ERR_NOT_STARTED', 'the bus could not start: the cause says why', { cause }));
        this.#run = undefined;
        this.#ports = undefined;
        this.#become('idle');
      }
      await driver.close();
      this.#starting = undefined;
      throw cause;
    }
  }

  async #close(): Promise<void> {
    const run = this.#run;
    const starting = this.#starting;
    this.#become('closing');
    run?.ready.reject(closedError());
    try {
      const ending = this.#parts.beforeClose();
      if (ending !== undefined) await ending;
      await run?.driver.close();
      // A start that was cut short or failed lets go of its sockets first. Its error is for who called start().
      await starting?.catch(() => undefined);
    } finally {
      run?.flushes.fail(closedError());
      this.#become('closed');
    }
  }

  #makeRun(): Run {
    const { id, role, options, sealing } = this.#parts;
    const ports = this.#currentPorts();
    const { cluster, zone, heartbeatMs, batchIntervalMs, batchSize, startTimeoutMs, limits } = options;
    const node = new MeshNode({
      ...{ id, cluster, zone, heartbeatMs, batchIntervalMs, batchSize, startTimeoutMs, limits },
      sealing,
      random: ports.random,
      client: role === 'client',
      multicast: options.group !== false,
      hasSeeds: options.seeds.length > 0,
    });
    const ready = deferred();
    ready.promise.catch(() => undefined);
    const driver = new MeshDriver(node, ports, options.seeds, {
      onEvent: (event) => this.#handle(run, event),
      onWarning: this.#parts.onWarning,
    });
    const run: Run = { driver, flushes: new Flushes(), ready };
    this.#run = run;
    return run;
  }

  #handle(run: Run, event: NodeEvent): void {
    if (event.kind === 'flushed') run.flushes.flushed(event.ticket);
    else if (run !== this.#run) return;
    else if (event.kind === 'status') this.#follow(run, event.status);
    else this.#parts.onEvent(event);
  }

  #follow(run: Run, status: NodeStatus): void {
    switch (status) {
      case 'ready':
      case 'isolated':
        if (this.#closing !== undefined) return;
        this.#become(status);
        run.ready.resolve();
        return;
      case 'joining':
      case 'left':
        return;
      default:
        assertNever(status);
    }
  }

  #become(status: MeshStatus): void {
    const previous = this.#status;
    if (status === previous) return;
    this.#status = status;
    this.#parts.onStatus(status, previous);
  }

  #currentPorts(): RuntimePorts {
    return (this.#ports ??= this.#parts.makePorts(this.#parts.options));
  }

  #openRun(): Run {
    if (this.#closing !== undefined) throw closedError();
    if (this.#run !== undefined) return this.#run;
    throw new MeshError('MESH_ERR_NOT_STARTED', 'the bus does not run: call start() first');
  }

  #backpressure(events: readonly OutgoingEvent[]): MeshError {
    const { pendingKeys } = this.#parts.options.limits;
    const load = events.reduce((sum, event) => sum + loadOf(event), 0);
    const advice = load > pendingKeys ? 'publish fewer at once' : 'await earlier publishes';
    const count = load > events.length ? `${events.length} more events, in ${load} datagrams` : `${load} more events`;
    const message = `${count}, with data or metadata, would exceed limits.pendingKeys (${pendingKeys}): ${advice}`;
    return new MeshError('MESH_ERR_BACKPRESSURE', message);
  }
}

export function closedError(): MeshError {
  return new MeshError('MESH_ERR_CLOSED', 'the bus is closed: make a new one');
}

/** A promise of its own, which ends the waiting when the signal aborts before the flush. */
function withdrawable(run: Run, publication: Publication, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = deferred();
  const stop = onAbort(signal, () => {
    run.driver.withdraw(publication);
    reject(signal.reason);
  });
  void run.flushes.wait(publication.ticket).then(resolve, reject).finally(stop);
  return promise;
}
