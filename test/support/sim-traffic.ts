import type { Endpoint } from '../../lib/primitives/endpoint.js';
import type { Carriage } from '../../lib/simulation/simulator-observer.js';
import { decodePacket } from '../../lib/wire/decode-packet.js';
import type { Packet } from '../../lib/wire/packet.js';

/** What is sent in a simulation, by everyone to everyone, from when it is told to record. */
export class Traffic {
  #carried: Carriage[] = [];
  #recording = false;

  note(carriage: Carriage): void {
    if (this.#recording) this.#carried.push(carriage);
  }

  /** Forgets what it has, and takes down all that comes. */
  record(): void {
    this.#carried = [];
    this.#recording = true;
  }

  all(): readonly Carriage[] {
    return this.#carried;
  }

  /** Datagrams of these kinds; of those to the group, each receiver's copy. */
  of(...kinds: readonly Packet['kind'][]): Carriage[] {
    return this.#carried.filter(({ bytes }) => kinds.some((kind) => kind === decodePacket(bytes).kind));
  }

  /** Those that went to one address alone. */
  unicast(...kinds: readonly Packet['kind'][]): Carriage[] {
    return this.of(...kinds).filter(({ viaGroup }) => !viaGroup);
  }

  bytesTo(endpoint: Endpoint): number {
    return this.#carried.reduce((sum, { to, bytes }) => (to === endpoint ? sum + bytes.length : sum), 0);
  }
}
