import type { MeshBus } from '../bus/mesh-bus.js';
import { assertNever } from '../primitives/assert-never.js';
import type { Endpoint } from '../primitives/endpoint.js';
import { decodePacket } from '../wire/decode-packet.js';
import type { MemoryDatagram } from './memory-network.js';

export interface MeshLossOptions {
  /** Only what this bus sends. Default: what any of them does. */
  readonly from?: MeshBus | undefined;
  /** Only this bus misses it. Default: nobody gets it. */
  readonly to?: MeshBus | undefined;
}

/** Datagrams that are being lost. */
export class MeshLoss {
  readonly #limit: number;
  readonly #options: MeshLossOptions;
  #count = 0;
  #last: MemoryDatagram | undefined;

  /** For the library itself: see `MemoryMesh.lose`. */
  constructor(limit: number, options: MeshLossOptions) {
    this.#limit = limit;
    this.#options = options;
  }

  /** How many have been lost so far: 0 is a test in which nothing was. */
  get count(): number {
    return this.#count;
  }

  /** For the library itself: whether this copy is lost. */
  takes(datagram: MemoryDatagram, receiver: Endpoint): boolean {
    const { from, to } = this.#options;
    if (from !== undefined && from.address !== datagram.from) return false;
    if (to !== undefined && to.address !== receiver) return false;
    if (datagram === this.#last) return true;
    if (this.#count >= this.#limit || !hasEvents(datagram.bytes)) return false;
    this.#count++;
    this.#last = datagram;
    return true;
  }
}

/** Whether it tells of events, for the first time or again. What is sealed may, and nobody can see it. */
function hasEvents(bytes: Buffer): boolean {
  const packet = decodePacket(bytes);
  switch (packet.kind) {
    case 'batch':
    case 'matching':
    case 'request':
    case 'fragment':
    case 'buckets':
    case 'invalidate':
    case 'repair':
    case 'sealed':
      return true;
    case 'refused':
    case 'heartbeat':
    case 'hello':
    case 'hello-ack':
    case 'beacon':
    case 'nack':
    case 'ack':
    case 'resync-request':
    case 'resync':
    case 'leave':
    case 'ping':
    case 'ping-request':
    case 'pong':
    case 'peers':
    case 'reply':
    case 'reply-request':
    case 'receipt':
    case 'receipt-request':
    case 'unknown':
      return false;
    default:
      return assertNever(packet);
  }
}
