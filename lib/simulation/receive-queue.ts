import { Fifo } from '../primitives/fifo.js';

/** What Linux gives a socket that asks for nothing: `net.core.rmem_default`. */
export const DEFAULT_RECEIVE_BUFFER_BYTES = 212_992;

const SOCKET_BUFFER_HEAD_BYTES = 256;
const SOCKET_BUFFER_TAIL_BYTES = 384;

/** What a datagram takes of a socket's buffer, as Linux counts: its own head, and a power of two for the bytes. */
export function socketBufferCost(bytes: number): number {
  return SOCKET_BUFFER_HEAD_BYTES + 2 ** Math.ceil(Math.log2(bytes + SOCKET_BUFFER_TAIL_BYTES));
}

interface Received {
  readonly viaGroup: boolean;
  readonly bytes: Buffer;
}

/** What has arrived at a host that has not read it yet. The group has a socket of its own, with a buffer of its own. */
export class ReceiveQueue<T extends Received> {
  readonly #waiting = new Fifo<T>();
  #unicastBytes = 0;
  #groupBytes = 0;

  get length(): number {
    return this.#waiting.length;
  }

  /** Whether there was room for it. */
  push(received: T, capacityBytes: number): boolean {
    const cost = socketBufferCost(received.bytes.length);
    const taken = received.viaGroup ? this.#groupBytes : this.#unicastBytes;
    if (taken + cost > capacityBytes) return false;
    this.#charge(received.viaGroup, cost);
    this.#waiting.push(received);
    return true;
  }

  take(): T | undefined {
    const received = this.#waiting.take();
    if (received !== undefined) this.#charge(received.viaGroup, -socketBufferCost(received.bytes.length));
    return received;
  }

  #charge(viaGroup: boolean, bytes: number): void {
    if (viaGroup) this.#groupBytes += bytes;
    else this.#unicastBytes += bytes;
  }
}
