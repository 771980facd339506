import type { MeshNodeConfig } from '../../core/node-config.js';
import type { Endpoint } from '../../primitives/endpoint.js';
import { SeededRandom } from '../../primitives/seeded-random.js';
import { CALM, type NetworkConditions } from '../simulated-network.js';
import { CacheWorld } from './cache-world.js';
import { Draw } from './draw.js';
import type { FlightRecorder } from './flight-recorder.js';
import { Traffic, TRAFFIC_STYLES, type TrafficStyle } from './traffic-style.js';
import type { OnIsolation, WorldNode } from './world-node.js';

export interface StageOptions {
  readonly count?: number;
  readonly multicast?: boolean;
  readonly heartbeatMs?: number;
  readonly style?: TrafficStyle;
  readonly onIsolation?: OnIsolation;
  readonly config?: Partial<MeshNodeConfig>;
  /** What every run of the scenario has beside its own troubles. */
  readonly conditions?: Partial<NetworkConditions>;
  /** How many keys there are, and how long they are at least. */
  readonly keys?: number;
  readonly keyLength?: number;
}

const SCENARIO_SEED = 0x7ea7_0b05;
const GATHERING_MS = 60_000;
const SLICE_MS = 250;

/** Where a scenario is played: nodes in one mesh, with writers and readers, and what may befall them. */
export class Stage {
  readonly draw: Draw;
  readonly world: CacheWorld;
  readonly multicast: boolean;
  readonly heartbeatMs: number;
  readonly style: TrafficStyle;
  readonly #options: StageOptions;
  readonly #count: number;

  constructor(seed: number, options: StageOptions, recorder?: FlightRecorder) {
    const draw = new Draw(new SeededRandom(seed ^ SCENARIO_SEED));
    this.draw = draw;
    this.#options = options;
    const drawnCount = draw.chance(0.12) ? draw.whole(12, 20) : draw.whole(3, 8);
    const drawnMulticast = draw.chance(0.5);
    const drawnStyle = draw.pick(TRAFFIC_STYLES);
    const drawnIsolation: OnIsolation = draw.chance(0.5) ? 'serve' : 'flush';
    this.#count = options.count ?? drawnCount;
    this.multicast = options.multicast ?? drawnMulticast;
    this.style = options.style ?? drawnStyle;
    this.heartbeatMs = options.heartbeatMs ?? 1000;
    this.world = new CacheWorld({
      ...{ seed, recorder, onIsolation: options.onIsolation ?? drawnIsolation },
      conditions: { multicast: this.multicast },
      config: { heartbeatMs: this.heartbeatMs, multicast: this.multicast, ...options.config },
      keys: Array.from({ length: options.keys ?? 100 }, (_, index) =>
        `g${index % 10}:${Math.floor(index / 10)}`.padEnd(options.keyLength ?? 0, '.'),
      ),
    });
  }

  get nodes(): readonly WorldNode[] {
    return this.world.present();
  }

  /** Starts the mesh in calm, waits until everyone knows everyone, and then lets the troubles begin. */
  gather(): void {
    for (let index = 0; index < this.#count; index++) this.join();
    if (!this.#passes(() => this.knowAll(), GATHERING_MS)) throw new Error('the mesh did not come together');
    this.run(this.draw.between(0, 2) * this.heartbeatMs);
    this.world.readAll();
    this.world.meter.reset();
    this.change(this.#options.conditions ?? {});
  }

  /** Starts one more node, as the others were. */
  join(config: Partial<MeshNodeConfig> = {}, endpoint?: Endpoint): WorldNode {
    const seeds = this.multicast ? [] : this.draw.some(this.nodes, 2).map(({ simulated }) => simulated.endpoint);
    return this.world.start(config, seeds, endpoint);
  }

  /** The same, with no way between it and `other`, from its first instant on. */
  joinApartFrom(other: WorldNode): WorldNode {
    const place = this.world.simulator.newEndpoint();
    const { network } = this.world.simulator;
    network.partition([place], [other.simulated.endpoint]);
    return this.join({}, place);
  }

  /** A node that comes back at the address of `node`, which is gone then. */
  restart(node: WorldNode): WorldNode {
    const { endpoint } = node.simulated;
    if (node.running) this.world.crash(node);
    return this.join({}, endpoint);
  }

  /** Writes and reads for that long, from now on. */
  write(forMs: number, writers: () => readonly WorldNode[] = () => this.nodes): void {
    this.traffic().start(forMs, writers);
  }

  traffic(style = this.style): Traffic {
    return new Traffic(this.world, this.draw, style);
  }

  run(forMs: number): void {
    this.world.simulator.run(forMs);
  }

  after(delayMs: number, happen: () => void): void {
    this.world.simulator.after(delayMs, happen);
  }

  change(conditions: Partial<NetworkConditions>): void {
    const { network } = this.world.simulator;
    network.conditions = { ...network.conditions, ...conditions };
    this.world.note(`network: ${JSON.stringify(conditions)}`);
  }

  cut(from: WorldNode, to: WorldNode): void {
    this.world.note(`cut ${from.name} → ${to.name}`);
    this.world.simulator.network.cut(from.simulated.endpoint, to.simulated.endpoint);
  }

  partition(one: readonly WorldNode[], other: readonly WorldNode[]): void {
    this.world.note(`partition ${names(one)} | ${names(other)}`);
    this.world.simulator.network.partition(places(one), places(other));
  }

  heal(): void {
    this.world.note('all cuts heal');
    this.world.simulator.network.heal();
  }

  stall(node: WorldNode, forMs: number): void {
    this.world.note(`${node.name} stands still for ${forMs.toFixed(0)} ms`);
    this.world.simulator.stall(node.simulated, forMs);
  }

  /** The network is at its best from now on, and nothing is cut, but where cuts are to last. */
  calm(keepsCuts: boolean): void {
    if (!keepsCuts) this.heal();
    this.change({ ...CALM, multicast: this.multicast });
  }

  /** Whether each that is present takes all others, and nobody else, for members. */
  knowAll(): boolean {
    const { nodes } = this;
    const endpoints = new Set(places(nodes));
    return nodes.every(({ simulated: { node } }) => {
      const peers = node.peers();
      return peers.length === nodes.length - 1 && peers.every(({ endpoint }) => endpoints.has(endpoint));
    });
  }

  #passes(done: () => boolean, withinMs: number): boolean {
    for (let waited = 0; waited < withinMs; waited += SLICE_MS) {
      if (done()) return true;
      this.run(SLICE_MS);
    }
    return done();
  }
}

function places(nodes: readonly WorldNode[]): Endpoint[] {
  return nodes.map(({ simulated }) => simulated.endpoint);
}

function names(nodes: readonly WorldNode[]): string {
  return nodes.map(({ name }) => name).join(' ');
}
