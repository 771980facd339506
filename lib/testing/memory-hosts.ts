import type { ResolvedMeshOptions } from '../options/resolved-mesh-options.js';
import { formatEndpoint } from '../primitives/endpoint.js';
import { NODE_ID_BYTES, type NodeId, readNodeId } from '../primitives/node-id.js';
import { SeededRandom } from '../primitives/seeded-random.js';
import type { RuntimePorts } from '../runtime/ports.js';
import type { MemoryNetwork } from './memory-network.js';
import { MemoryTransport } from './memory-transport.js';

const BYTE_VALUES = 256;
const U32_BYTES = 4;

/** Gives each bus a host of its own, and chance that repeats. */
export class MemoryHosts {
  readonly #network: MemoryNetwork;
  readonly #random: SeededRandom;
  readonly #addresses: string[] = [];

  constructor(network: MemoryNetwork, seed: number) {
    this.#network = network;
    this.#random = new SeededRandom(seed);
  }

  /** A host name, whichever it is, stands for all hosts: a seed such as that of a headless service finds everyone. */
  add({ port, group }: ResolvedMeshOptions): RuntimePorts {
    const number = this.#addresses.length + 1;
    const address = `10.0.${Math.floor(number / BYTE_VALUES)}.${number % BYTE_VALUES}`;
    this.#addresses.push(address);
    const groupEndpoint = group === false ? undefined : formatEndpoint(group, port);
    return {
      transport: new MemoryTransport(this.#network, formatEndpoint(address, port), groupEndpoint),
      clock: this.#network.clock,
      random: new SeededRandom(this.#random.u32()),
      resolver: { resolve: () => Promise.resolve([...this.#addresses]) },
    };
  }

  /** With the marks of a random UUID. */
  makeId(): NodeId {
    const bytes = Buffer.alloc(NODE_ID_BYTES);
    for (let offset = 0; offset < NODE_ID_BYTES; offset += U32_BYTES) bytes.writeUInt32BE(this.#random.u32(), offset);
    bytes[6] = (bytes[6]! & 0x0f) | 0x40;
    bytes[8] = (bytes[8]! & 0x3f) | 0x80;
    return readNodeId(bytes, 0);
  }
}
