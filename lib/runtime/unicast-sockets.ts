import { type Endpoint, formatEndpoint } from '../primitives/endpoint.js';
import type { OwnAddress } from './own-address.js';
import { errorCode, type MessageListener, socketError, UdpSocket } from './udp-socket.js';

/** The socket at one own address, from which everything goes out that is to carry this address as its source. */
export interface UnicastSocket {
  readonly own: OwnAddress;
  readonly endpoint: Endpoint;
  readonly socket: UdpSocket;
}

export interface UnicastSettings {
  readonly port: number;
  readonly receiveBufferBytes?: number | undefined;
}

/**
 * One socket for each own address. All have the same port where that is possible: the wanted one, and where another
 * process has it, a free one that the first address was given and that is kept for as long as this node lives.
 */
export class UnicastSockets {
  readonly #settings: UnicastSettings;
  readonly #onMessage: MessageListener;
  /** The port that is wanted for every address: not the one of the options when another process has that. */
  #port: number;
  #sockets: readonly UnicastSocket[] = [];

  constructor(settings: UnicastSettings, onMessage: MessageListener) {
    this.#settings = settings;
    this.#onMessage = onMessage;
    this.#port = settings.port;
  }

  /** In the order of the addresses that were adopted last. */
  get all(): readonly UnicastSocket[] {
    return this.#sockets;
  }

  /**
   * Closes the sockets of addresses that are not among these, and opens what is missing. An address that can not be
   * bound is left out: it may be gone again.
   *
   * @throws MeshError `MESH_ERR_SOCKET` when there is not one that can be bound
   */
  async adopt(addresses: readonly OwnAddress[]): Promise<void> {
    const before = this.#sockets;
    const known = new Map(before.map((one) => [keyOf(one.own), one]));
    const wanted = new Set(addresses.map(keyOf));
    // An address is free for a new socket when the old one is closed.
    await Promise.all(before.filter(({ own }) => !wanted.has(keyOf(own))).map(({ socket }) => socket.close()));
    const sockets: UnicastSocket[] = [];
    this.#sockets = sockets;
    let refusal: unknown;
    for (const own of addresses) {
      try {
        sockets.push(known.get(keyOf(own)) ?? (await this.#open(own)));
      } catch (error) {
        refusal ??= error;
      }
    }
    if (sockets.length === 0 && refusal !== undefined) {
      throw socketError(`binding port ${this.#port} of ${addresses.map(({ address }) => address).join(', ')}`, refusal);
    }
  }

  async close(): Promise<void> {
    const sockets = this.#sockets;
    this.#sockets = [];
    await Promise.all(sockets.map(({ socket }) => socket.close()));
  }

  async #open(own: OwnAddress): Promise<UnicastSocket> {
    const socket = await this.#bind(own.address, this.#port).catch((error: unknown) => {
      if (errorCode(error) !== 'EADDRINUSE') throw error;
      return this.#bind(own.address, 0);
    });
    if (this.#sockets.length === 0) this.#port = socket.port;
    return { own, endpoint: formatEndpoint(own.address, socket.port), socket };
  }

  #bind(address: string, port: number): Promise<UdpSocket> {
    const { receiveBufferBytes } = this.#settings;
    return UdpSocket.bind({ address, port, shared: false, receiveBufferBytes }, this.#onMessage);
  }
}

/** An interface that was made anew under an old name is another one: multicast settings of the old socket are void. */
function keyOf({ name, address, cidr, mac }: OwnAddress): string {
  return `${name} ${address} ${cidr} ${mac}`;
}
