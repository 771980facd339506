import type { Instant } from '../primitives/instant.js';
import { type NodeId, writeNodeId } from '../primitives/node-id.js';
import { NO_NONCE } from '../primitives/nonce.js';
import type { UnreadableReason } from '../membership/unreadable-book.js';
import { OpeningBudget } from '../security/opening-budget.js';
import { ReplayWindow } from '../security/replay-window.js';
import { decodePacket } from '../wire/decode-packet.js';
import { HEADER_BYTES, MAGIC, MAX_WIRE_BYTES, type Packet } from '../wire/packet.js';
import { SEALED_TEXT_AT } from '../wire/sealed-codec.js';
import type { SealedPacket } from '../wire/sealed-packet.js';
import type { Arrival } from './arrival.js';
import { isForeign } from './foreign.js';
import type { Greeter } from './greeter.js';
import type { NodeContext } from './node-context.js';
import type { Receiver } from './receiver.js';
import { LINGER_MS } from './recovery.js';
import type { Router } from './router.js';

interface Parts {
  readonly greeter: Greeter;
  readonly receiver: Receiver;
  readonly router: Router;
}

/**
 * Where datagrams come in. It reads them, opens those that are sealed, and lets pass what may be of this mesh and is not
 * a recording.
 *
 * A sender's window of counters begins with a datagram that bears a nonce of this node, which no recording of an earlier
 * conversation does. Until then only greetings of that sender pass, which are answered and prove nothing.
 */
export class Gate {
  readonly #context: NodeContext;
  readonly #parts: Parts;
  readonly #windows = new Map<NodeId, ReplayWindow>();
  readonly #budget = new OpeningBudget();
  /** What was opened, as it was before it was sealed. */
  readonly #opened = Buffer.alloc(MAX_WIRE_BYTES);

  constructor(context: NodeContext, parts: Parts) {
    this.#context = context;
    this.#parts = parts;
  }

  handleDatagram(now: Instant, arrival: Arrival, bytes: Buffer): void {
    const { counters, config } = this.#context;
    counters.values.datagramsReceived++;
    counters.values.bytesReceived += bytes.length;
    const packet = decodePacket(bytes);
    if (packet.kind === 'refused') counters.drop(packet.reason);
    else if (packet.kind === 'sealed') this.#handleSealed(now, arrival, packet, bytes);
    else if (config.sealing === undefined) this.#admit(now, arrival, packet, bytes);
    else this.#handlePlain(now, arrival, packet, bytes);
  }

  /** Those of v1 nodes are of all clusters, so nothing can be said of them. */
  #handlePlain(now: Instant, arrival: Arrival, packet: Packet, bytes: Buffer): void {
    const { counters, config } = this.#context;
    if (config.sealing?.mode === 'strict') {
      counters.drop('plain');
      if (isExtended(packet) && packet.sender !== config.id && !this.#isForeign(packet)) {
        this.#noteUnreadable(now, arrival, packet.sender, 'plain');
      }
    } else if (this.#windows.has(packet.sender)) {
      counters.drop('downgrade');
    } else {
      this.#admit(now, arrival, packet, bytes);
    }
  }

  #handleSealed(now: Instant, arrival: Arrival, packet: SealedPacket, sealed: Buffer): void {
    const { counters, config, clusterTag } = this.#context;
    if (packet.clusterTag !== (clusterTag & 0xffff)) return counters.drop('other-cluster');
    if (config.sealing === undefined) {
      counters.drop('sealed');
      return this.#noteUnreadable(now, arrival, packet.sender, 'sealed');
    }
    const window = this.#windows.get(packet.sender);
    if (window?.hasSeen(packet.counter) === true) return counters.drop('replayed');
    const text = this.#open(now, arrival, packet, sealed);
    if (text === undefined) return;
    window?.accept(packet.counter);
    const bytes = this.#restore(packet.sender, text);
    const inner = decodePacket(bytes);
    if (inner.kind === 'refused') return counters.drop(inner.reason);
    if (inner.kind === 'sealed') return counters.drop('malformed');
    const isOwn = packet.sender === config.id;
    if (!isOwn && window === undefined && !this.#proves(now, inner, packet.counter)) {
      return this.#handleUnproven(now, arrival, inner, bytes);
    }
    this.#context.unreadable.clear(arrival.from);
    this.#admit(now, arrival, inner, bytes);
  }

  #open(now: Instant, arrival: Arrival, packet: SealedPacket, bytes: Buffer): Buffer | undefined {
    const { sender, keyId, counter } = packet;
    const { counters, config } = this.#context;
    const { opener } = config.sealing!;
    // Whoever has opened before is always tried: nobody can use up its attempts in its name.
    const isKnown = opener.knows(sender);
    const source = isKnown ? '' : arrival.from.slice(0, arrival.from.lastIndexOf(':'));
    if (!isKnown && !this.#budget.mayTry(now, source, sender)) {
      counters.drop('opening-budget');
      return undefined;
    }
    const [header, sealed] = [bytes.subarray(0, SEALED_TEXT_AT), bytes.subarray(SEALED_TEXT_AT)];
    const text = opener.open(sender, keyId, counter, header, sealed);
    if (typeof text !== 'string') return text;
    if (!isKnown && text === 'forged') this.#budget.failed(now, source, sender);
    counters.drop(text);
    this.#noteUnreadable(now, arrival, sender, 'other-secret');
    return undefined;
  }

  /** The next call overwrites it. */
  #restore(sender: NodeId, text: Buffer): Buffer {
    const bytes = this.#opened;
    bytes[0] = MAGIC;
    bytes[1] = text[0]!;
    writeNodeId(sender, bytes, 2);
    text.copy(bytes, HEADER_BYTES, 1);
    return bytes.subarray(0, HEADER_BYTES + text.length - 1);
  }

  /** A nonce that only this node made, and lately: from this counter on nothing of the sender is a recording. */
  #proves(now: Instant, packet: Packet, counter: number): boolean {
    if (!this.#bearsNonce(now, packet)) return false;
    this.#makeRoom();
    this.#windows.set(packet.sender, ReplayWindow.startingAt(counter));
    return true;
  }

  #bearsNonce(now: Instant, packet: Packet): boolean {
    const { members, greetings } = this.#context;
    const member = members.get(packet.sender) ?? members.lingering(packet.sender, now - LINGER_MS);
    if (packet.kind === 'hello' || packet.kind === 'hello-ack') {
      if (packet.toGroup || packet.echo === NO_NONCE) return false;
      return packet.echo === member?.ourNonce || greetings.echoed(packet.echo) !== undefined;
    }
    return 'nonce' in packet && packet.nonce !== NO_NONCE && packet.nonce === member?.ourNonce;
  }

  /** Nothing follows from it but that its sender is asked for a nonce. */
  #handleUnproven(now: Instant, arrival: Arrival, packet: Packet, bytes: Buffer): void {
    const member = this.#context.members.get(packet.sender);
    const isGreeting = packet.kind === 'hello' || packet.kind === 'hello-ack';
    if (isGreeting && (member === undefined || !packet.toGroup)) return this.#admit(now, arrival, packet, bytes);
    if (this.#isForeign(packet)) return this.#context.counters.drop('other-cluster');
    if (member === undefined) return this.#parts.receiver.handleStranger(now, arrival, packet.sender, bytes.length);
    this.#context.counters.drop('unverified');
    this.#parts.greeter.regreet(now, member);
  }

  #admit(now: Instant, arrival: Arrival, packet: Packet, bytes: Buffer): void {
    if (packet.sender === this.#context.config.id) this.#meetSelf(arrival, packet);
    else if (this.#isForeign(packet)) this.#context.counters.drop('other-cluster');
    else this.#parts.router.dispatch(now, arrival, packet, bytes);
  }

  #isForeign(packet: Packet): boolean {
    return isForeign(packet, { clusterTag: this.#context.clusterTag, cluster: this.#context.config.cluster });
  }

  /** A greeting that comes back to its sender tells an own address; what the group sends back tells nothing. */
  #meetSelf(arrival: Arrival, packet: Packet): void {
    this.#context.counters.drop('own');
    if (packet.kind !== 'hello' || packet.toGroup || !this.#context.endpoints.includes(arrival.from)) return;
    const greeting = this.#context.greetings.echoed(packet.nonce);
    if (greeting === undefined) return;
    this.#context.selfEndpoints.add(greeting.endpoint);
    this.#context.greetings.close(greeting);
  }

  #noteUnreadable(now: Instant, arrival: Arrival, sender: NodeId, reason: UnreadableReason): void {
    const { unreadable, events } = this.#context;
    if (!unreadable.note(now, arrival.from, sender, reason)) return;
    events.push({ kind: 'warning', warning: { code: 'unreadable', endpoint: arrival.from, reason } });
  }

  /** Windows of nodes that nobody remembers go: what they sent bears nonces that are not valid any more. */
  #makeRoom(): void {
    const { members, config } = this.#context;
    if (this.#windows.size < 2 * config.limits.peers) return;
    for (const id of this.#windows.keys()) {
      if (members.get(id) === undefined && members.departed(id) === undefined) this.#windows.delete(id);
    }
    for (const oldest of this.#windows.keys()) {
      if (this.#windows.size < 2 * config.limits.peers) return;
      this.#windows.delete(oldest);
    }
  }
}

/** Whether this library sent it, and not a node of v1. */
function isExtended(packet: Packet): boolean {
  if (packet.kind === 'invalidate' || packet.kind === 'unknown') return false;
  if (packet.kind === 'batch' || packet.kind === 'heartbeat') return packet.trailer !== undefined;
  return true;
}
