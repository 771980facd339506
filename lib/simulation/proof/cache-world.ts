import type { MeshNodeConfig } from '../../core/node-config.js';
import type { OutgoingEvent } from '../../delivery/pending-event.js';
import { fragmentCount } from '../../wire/fragment-codec.js';
import type { Endpoint } from '../../primitives/endpoint.js';
import type { NodeId } from '../../primitives/node-id.js';
import { Glob } from '../../delivery/glob.js';
import { SeededRandom } from '../../primitives/seeded-random.js';
import { randomNodeId } from '../simulated-config.js';
import type { NetworkConditions } from '../simulated-network.js';
import type { SimulatedNode } from '../simulated-node.js';
import { Simulator } from '../simulator.js';
import type { FlightRecorder } from './flight-recorder.js';
import { Ledger, ownWord } from './ledger.js';
import { Meter } from './meter.js';
import { Truth } from './truth.js';
import { type OnIsolation, WorldNode } from './world-node.js';

export interface WorldPlan {
  readonly seed: number;
  readonly conditions: Partial<NetworkConditions>;
  readonly onIsolation: OnIsolation;
  /** What holds for every node that says nothing else. */
  readonly config: Partial<MeshNodeConfig>;
  /** Every key that is ever read or written. */
  readonly keys: readonly string[];
  readonly recorder?: FlightRecorder | undefined;
}

/** Chance of the applications, apart from that of the network: what one draws does not change the other. */
const APPLICATION_SEED = 0x5eed_cafe;
/** The process stands still until this much later: a load that has ended meanwhile is noticed then. */
const STALLED_LOAD_PAUSE_MS = 50;
/** So much fits beside any key. */
const SHORT_DATA = 700;

/** Nodes with caches around one store, of which everyone writes and reads, on a network that may do anything. */
export class CacheWorld {
  readonly simulator: Simulator;
  readonly random: SeededRandom;
  readonly truth = new Truth();
  readonly ledger = new Ledger();
  readonly meter: Meter;
  readonly keys: readonly string[];
  /** All that were ever started. */
  readonly nodes: WorldNode[] = [];
  /** Writes that a node did not take although nothing allows it to refuse them. */
  readonly refused: string[] = [];
  readonly #plan: WorldPlan;
  readonly #byNode = new Map<SimulatedNode, WorldNode>();
  /** Where nodes live, or have lived. */
  readonly #places = new Set<Endpoint>();
  /** A node speaks while it is started, before it is in the map. */
  #starting: WorldNode | undefined;

  constructor(plan: WorldPlan) {
    this.#plan = plan;
    this.keys = plan.keys;
    this.random = new SeededRandom(plan.seed ^ APPLICATION_SEED);
    this.meter = new Meter();
    const { recorder } = plan;
    this.simulator = new Simulator({
      seed: plan.seed,
      conditions: plan.conditions,
      observer: {
        onTransmit: (node, bytes) => this.ledger.noteSent(this.#of(node).id, bytes, this.simulator.now),
        onCarry: (carriage) => {
          this.meter.noteCarried(carriage);
          recorder?.noteCarried(carriage);
        },
        onDrop: (carriage, cause) => {
          this.meter.noteDropped(carriage, cause);
          recorder?.noteDropped(this.simulator.now, carriage, cause);
        },
        onArrive: (node, carriage) => {
          recorder?.noteArrived(this.simulator.now, carriage);
          // Not what a forger says.
          const word = this.#places.has(carriage.from) ? ownWord(carriage.bytes) : undefined;
          if (word !== undefined) this.#of(node).noteWord(word.sender, word.highest);
        },
        onEvent: (node, event) => {
          const world = this.#of(node);
          recorder?.noteEvent(this.simulator.now, world, event);
          world.handle(this.simulator.now, event);
        },
      },
    });
  }

  /** Those that run, and have not been told to leave. */
  present(): readonly WorldNode[] {
    return this.nodes.filter((node) => node.running && !node.isGoing);
  }

  start(config: Partial<MeshNodeConfig> = {}, seeds: readonly Endpoint[] = [], endpoint?: Endpoint): WorldNode {
    const id = randomNodeId(this.random);
    const { onIsolation } = this.#plan;
    const node = new WorldNode({ id, name: `n${this.nodes.length}`, onIsolation, truth: this.truth });
    this.#starting = node;
    this.#plan.recorder?.introduce(id, node.name);
    node.simulated = this.simulator.start({ ...this.#plan.config, ...config, id }, seeds, endpoint);
    this.#starting = undefined;
    this.#plan.recorder?.locate(node.simulated.endpoint, node.name);
    this.#byNode.set(node.simulated, node);
    this.#places.add(node.simulated.endpoint);
    this.nodes.push(node);
    this.note(`${node.name} starts at ${node.simulated.endpoint}`);
    return node;
  }

  crash(node: WorldNode): void {
    node.isGoing = true;
    this.note(`${node.name} crashes`);
    this.simulator.crash(node.simulated);
  }

  leave(node: WorldNode): void {
    node.isGoing = true;
    this.note(`${node.name} leaves`);
    this.simulator.leave(node.simulated);
  }

  /** Whether the application at that node can do anything now. */
  isAwake(node: WorldNode): boolean {
    return node.running && !node.isGoing && !this.simulator.isStalled(node.simulated);
  }

  /**
   * The application at `node` changes these keys in the store, drops them from its cache, and publishes them. Everyone
   * has read them just before, so that whoever does not hear of it holds something stale.
   */
  write(node: WorldNode, keys: readonly string[], data?: Buffer): void {
    const { now } = this.simulator;
    for (const key of keys) {
      this.#readEverywhere(key);
      this.truth.write({ at: now, writer: node.id, kind: 'key', published: key }, [key]);
      node.cache.drop(key);
      this.ledger.notePublished(node.id, key, now);
    }
    const fragments = data !== undefined && data.length > SHORT_DATA ? fragmentCount(data.length) : 0;
    const events = keys.map((key): OutgoingEvent => ({ kind: 'key', key, data, metadata: undefined, fragments }));
    if (this.simulator.publishEvents(node.simulated, events) !== undefined) return;
    // An event with data may be refused when there is too much of it; then its caller has to do without.
    if (data !== undefined) return this.#publishBare(node, keys);
    this.refused.push(`${node.name} did not take ${keys.length} keys at ${now} ms`);
  }

  /** Publishes keys that no cache holds: what is of interest then is only when they are delivered. */
  publish(node: WorldNode, keys: readonly string[]): void {
    for (const key of keys) this.ledger.notePublished(node.id, key, this.simulator.now);
    this.#publishBare(node, keys);
  }

  /** As `write`, for all keys that match. */
  writeMatching(node: WorldNode, pattern: string): void {
    const { now } = this.simulator;
    const glob = new Glob(pattern);
    const keys = this.keys.filter((key) => glob.matches(key));
    for (const key of keys) this.#readEverywhere(key);
    this.truth.write({ at: now, writer: node.id, kind: 'matching', published: pattern }, keys);
    node.cache.dropMatching(pattern);
    this.ledger.notePublished(node.id, pattern, now);
    const event = { kind: 'matching', key: pattern, data: undefined, metadata: undefined } as const;
    if (this.simulator.publishEvents(node.simulated, [event]) !== undefined) return;
    this.refused.push(`${node.name} did not take the pattern ${pattern} at ${now} ms`);
  }

  /** The application at `node` loads a key, which takes that long. */
  load(node: WorldNode, key: string, forMs: number): void {
    const finish = node.cache.startLoad(key);
    const end = (): void => {
      if (!node.running) return;
      if (this.simulator.isStalled(node.simulated)) return this.simulator.after(STALLED_LOAD_PAUSE_MS, end);
      finish();
    };
    this.simulator.after(forMs, end);
  }

  readAll(): void {
    for (const node of this.present()) {
      if (this.isAwake(node)) for (const key of this.keys) node.cache.read(key);
    }
  }

  /** How many entries are stale now, at nodes that are ready. */
  staleCount(): number {
    let count = 0;
    for (const node of this.nodes) {
      if (!node.ready) continue;
      for (const [key, version] of node.cache.entries()) if (version !== this.truth.version(key)) count++;
    }
    return count;
  }

  find(id: NodeId): WorldNode | undefined {
    return this.nodes.find((node) => node.id === id);
  }

  /** What the scenario does, for the report. */
  note(text: string): void {
    this.#plan.recorder?.note(this.simulator.now, text);
  }

  #publishBare(node: WorldNode, keys: readonly string[]): void {
    if (this.simulator.publish(node.simulated, keys) !== undefined) return;
    this.refused.push(`${node.name} did not take ${keys.length} keys at ${this.simulator.now} ms`);
  }

  #readEverywhere(key: string): void {
    for (const node of this.nodes) if (node.ready && this.isAwake(node)) node.cache.read(key);
  }

  #of(node: SimulatedNode): WorldNode {
    const world = this.#byNode.get(node) ?? this.#starting;
    if (world === undefined) throw new Error(`nobody has started the node at ${node.endpoint}`);
    return world;
  }
}
