import type { BusEngine } from '../bus/bus-engine.js';
import type { HandlerRun } from '../bus/handler-runner.js';

/** The buses of a mesh, what happens in them, and what somebody waits for. */
export class UnderWay {
  readonly #engines = new Set<BusEngine>();
  readonly #runs = new Map<HandlerRun, BusEngine>();

  add(engine: BusEngine): void {
    this.#engines.add(engine);
  }

  noteRun(engine: BusEngine, run: HandlerRun): void {
    this.#runs.set(run, engine);
    void run.ended.then(() => this.#runs.delete(run));
  }

  /** Those that are not closed. */
  get engines(): readonly BusEngine[] {
    for (const engine of this.#engines) if (engine.session.status === 'closed') this.#engines.delete(engine);
    return [...this.#engines];
  }

  get longestHeartbeatMs(): number {
    return Math.max(0, ...this.engines.map(({ options }) => options.heartbeatMs));
  }

  /** How many events have been published on all of them. */
  get published(): number {
    return this.engines.reduce((sum, engine) => sum + engine.metrics().published, 0);
  }

  /** Whether a bus starts, closes, or has something to send: somebody awaits that, and time has to pass for it. */
  isAwaited(): boolean {
    return this.engines.some((engine) => whatIsAwaited(engine) !== undefined);
  }

  /** What has happened so far that a user could notice: as long as it stays the same, nothing did. */
  traces(): string {
    return JSON.stringify(this.engines.map(traceOf));
  }

  /** What would have to end, in words. */
  list(): readonly string[] {
    const buses = this.engines.flatMap((engine) => {
      const awaited = whatIsAwaited(engine);
      return awaited === undefined ? [] : [`${nameOf(engine)} ${awaited}`];
    });
    const runs = [...this.#runs].map(([run, engine]) => `${nameOfRun(run)} at ${nameOf(engine)} has not ended`);
    return [...buses, ...runs];
  }
}

function whatIsAwaited({ session }: BusEngine): string | undefined {
  if (session.status === 'joining') return 'has not started';
  if (session.status === 'closing') return 'has not closed';
  return session.isFlushing ? 'has not sent all that was published' : undefined;
}

function traceOf(engine: BusEngine): unknown {
  const { published, delivered, selfDelivered, resyncs, repaired, gaps, joined, left, lost } = engine.metrics();
  const peers = engine.peers.list().map(({ state }) => state);
  const counts = [published, delivered, selfDelivered, resyncs, repaired, gaps, joined, left, lost];
  return [engine.session.status, peers, counts];
}

function nameOf(engine: BusEngine): string {
  const address = engine.session.driver?.transport().endpoints[0];
  return `the bus ${address ?? engine.id} (cluster "${engine.options.cluster}")`;
}

function nameOfRun({ pattern, argument }: HandlerRun): string {
  const { key, reason } = (argument ?? {}) as { readonly key?: unknown; readonly reason?: unknown };
  if (pattern !== undefined) return `a handler of ${JSON.stringify(pattern)}`;
  if (typeof key === 'string') return `a handler of ${JSON.stringify(key)}`;
  return typeof reason === 'string' ? `a handler of the resync "${reason}"` : 'a handler';
}
