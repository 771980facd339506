import { type RemoteInfo, Socket } from 'node:dgram';
import { type NetworkReport, type NetworkState, SOUND } from './network-state.js';

type Emit = (this: Socket, name: string | symbol, ...args: unknown[]) => boolean;

/**
 * Stands in for a network that loses datagrams or is cut in two. All instances of this sample are on the loopback
 * interface of one machine, where nothing is lost, and to make its kernel drop datagrams takes root. So each instance
 * throws them away itself, when its socket has received them and before the mesh is told: to the mesh it is the same.
 */
export class BadNetwork {
  #state: NetworkState = SOUND;
  #dropped = 0;
  readonly #ownEndpoints = new Set<string>();

  private constructor() {}

  /** Stands behind all UDP sockets of this process that are opened from now on. */
  static install(): BadNetwork {
    const network = new BadNetwork();
    const emit = Socket.prototype.emit as Emit;
    const emitUnlessLost: Emit = function (name, ...args) {
      if (name === 'listening') network.#own(this);
      if (name === 'message' && network.#loses(args[1] as RemoteInfo)) return true;
      return emit.call(this, name, ...args);
    };
    Socket.prototype.emit = emitUnlessLost;
    return network;
  }

  report(): NetworkReport {
    return { ...this.#state, dropped: this.#dropped };
  }

  change(state: NetworkState): void {
    this.#state = state;
  }

  #own(socket: Socket): void {
    const { address, port } = socket.address();
    this.#ownEndpoints.add(`${address}:${port}`);
  }

  #loses({ address, port }: RemoteInfo): boolean {
    const from = `${address}:${port}`;
    // What it has sent to the group itself comes back without having been on the network.
    if (this.#ownEndpoints.has(from)) return false;
    const { loss, onlyFrom } = this.#state;
    const passes = (onlyFrom === null || onlyFrom.includes(from)) && Math.random() >= loss;
    if (!passes) this.#dropped++;
    return !passes;
  }
}
