import { MeshNode } from '../../lib/core/mesh-node.js';
import type { MeshNodeConfig } from '../../lib/core/node-config.js';
import type { NodeEvent } from '../../lib/core/node-event.js';
import type { OutgoingEvent, Publication } from '../../lib/delivery/pending-event.js';
import type { Endpoint } from '../../lib/primitives/endpoint.js';
import type { NodeId } from '../../lib/primitives/node-id.js';
import { randomNodeId, simulatedConfig } from '../../lib/simulation/simulated-config.js';
import { SeededRandom } from '../../lib/primitives/seeded-random.js';
import { decodePacket } from '../../lib/wire/decode-packet.js';
import { type HelloPacket, MAX_DATAGRAM_BYTES, type Packet } from '../../lib/wire/packet.js';
import { Forgery } from './sim-forgery.js';

export interface Sent {
  readonly at: number;
  readonly id: number;
  readonly packet: Packet;
  readonly length: number;
  readonly toGroup: boolean;
  readonly to: readonly Endpoint[];
}

type SentOf<K extends Packet['kind']> = Sent & { readonly packet: Packet & { readonly kind: K } };

export function bare(key: string): OutgoingEvent {
  return { kind: 'key', key, data: undefined, metadata: undefined };
}

/** One node on the bench: its clock, its kernel and its network are the test's. */
export class NodeBench {
  static readonly ADDRESS: Endpoint = '10.0.0.1:7946';
  readonly random = new SeededRandom(77);
  readonly node: MeshNode;
  readonly id: NodeId;
  readonly sent: Sent[] = [];
  readonly events: NodeEvent[] = [];
  /** Whether the kernel takes datagrams at once; else `confirm` does. */
  kernel: 'prompt' | 'silent' = 'prompt';
  now = 1000;
  readonly #buffer = Buffer.alloc(MAX_DATAGRAM_BYTES);
  readonly #unconfirmed: number[] = [];

  constructor(config: Partial<MeshNodeConfig> = {}) {
    const whole = { ...simulatedConfig(this.random, config.hasSeeds ?? false), ...config };
    this.id = whole.id;
    this.node = new MeshNode(whole);
    this.input(() => this.node.handleEndpoints(this.now, [NodeBench.ADDRESS]));
  }

  /** A node that has joined, with nobody there, and is ready. */
  static ready(config: Partial<MeshNodeConfig> = {}): NodeBench {
    const bench = new NodeBench({ startTimeoutMs: 0, ...config });
    bench.input(() => bench.node.join(bench.now));
    bench.advance(2000);
    bench.forget();
    return bench;
  }

  forget(): void {
    this.sent.length = 0;
    this.events.length = 0;
  }

  input<T>(give: () => T): T {
    const result = give();
    this.#drain();
    while (this.kernel === 'prompt' && this.confirm()) continue;
    return result;
  }

  receive(from: Endpoint, bytes: Buffer, viaGroup = false): void {
    this.input(() => this.node.handleDatagram(this.now, { from, viaGroup }, bytes));
  }

  publish(...keys: readonly string[]): Publication | undefined {
    return this.input(() => this.node.publish(this.now, keys.map(bare)));
  }

  /** The kernel has taken the oldest datagram, or refused it. */
  confirm(failed = false): boolean {
    const id = this.#unconfirmed.shift();
    if (id === undefined) return false;
    this.node.handleSent(this.now, id, failed);
    this.#drain();
    return true;
  }

  /** Lets time pass, timer by timer. */
  advance(ms: number): void {
    const end = this.now + ms;
    for (let at = this.node.pollTimeout(); at <= end; at = this.node.pollTimeout()) {
      this.now = Math.max(this.now, at);
      this.input(() => this.node.handleTimeout(this.now));
    }
    this.now = end;
  }

  /** What was sent of that kind, to that address alone if one is given. */
  of<K extends Packet['kind']>(kind: K, to?: Endpoint): SentOf<K>[] {
    return this.sent.filter(
      (one): one is SentOf<K> => one.packet.kind === kind && (to === undefined || one.to.includes(to)),
    );
  }

  eventsOf<K extends NodeEvent['kind']>(kind: K): Extract<NodeEvent, { kind: K }>[] {
    return this.events.filter((event): event is Extract<NodeEvent, { kind: K }> => event.kind === kind);
  }

  keys(): string[] {
    return this.eventsOf('keys').flatMap(({ keys }) => keys);
  }

  dropped(): Readonly<Record<string, number>> {
    return this.node.stats().dropped;
  }

  #drain(): void {
    for (;;) {
      const transmit = this.node.pollTransmit(this.now, 0, this.#buffer);
      if (transmit === undefined) break;
      const packet = decodePacket(this.#buffer.subarray(0, transmit.length));
      if (packet.kind === 'refused') throw new Error(`the node sent what it would refuse: ${packet.reason}`);
      if (packet.kind === 'sealed') throw new Error('the node seals, and this bench does not open');
      this.sent.push({ at: this.now, packet, ...transmit });
      this.#unconfirmed.push(transmit.id);
    }
    for (let event = this.node.pollEvent(); event !== undefined; event = this.node.pollEvent()) this.events.push(event);
  }
}

/** A peer that the test speaks for, and that knows only what the node sent to it. */
export class BenchPeer extends Forgery {
  readonly endpoint: Endpoint;
  readonly #bench: NodeBench;
  #given: bigint | undefined;

  constructor(bench: NodeBench, endpoint: Endpoint, id = randomNodeId(bench.random)) {
    super(id);
    this.#bench = bench;
    this.endpoint = endpoint;
    this.nonce = BigInt(bench.random.u32()) + 1n;
  }

  /** A peer that has been through the whole handshake. */
  static met(bench: NodeBench, endpoint: Endpoint, parts: Partial<HelloPacket> = {}): BenchPeer {
    const peer = new BenchPeer(bench, endpoint);
    peer.greet(parts);
    peer.confirm(parts);
    return peer;
  }

  say(bytes: Buffer, viaGroup = false): void {
    this.#bench.receive(this.endpoint, bytes, viaGroup);
  }

  /** The first message of a handshake. */
  greet(parts: Partial<HelloPacket> = {}): void {
    this.say(this.hello(parts));
  }

  /** The third. */
  confirm(parts: Partial<HelloPacket> = {}): void {
    this.say(this.hello({ kind: 'hello-ack', echo: this.given(), verified: true, ...parts }));
  }

  /** The nonce that the node has given to this address. It stays the same for as long as the peer is known. */
  given(): bigint {
    if (this.#given !== undefined) return this.#given;
    const greetings = [...this.#bench.of('hello', this.endpoint), ...this.#bench.of('hello-ack', this.endpoint)];
    const last = greetings.sort((one, other) => one.id - other.id).at(-1);
    if (last === undefined) throw new Error(`the node has not greeted ${this.endpoint}`);
    return (this.#given = last.packet.nonce);
  }

  get isPeer(): boolean {
    return this.#bench.node.peers().some(({ id }) => id === this.sender);
  }
}
