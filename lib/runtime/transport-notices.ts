import type { ResolvedMeshOptions } from '../options/resolved-mesh-options.js';
import type { GroupMembership } from './group-membership.js';
import type { OwnAddress } from './own-address.js';
import type { TransportWarning } from './ports.js';
import { receiveBufferAdvice } from './receive-buffer.js';
import type { UnicastSocket } from './unicast-sockets.js';

type NoticeOptions = Pick<ResolvedMeshOptions, 'port' | 'group' | 'interfaces'>;

/** Says what an operator should know of the sockets, and each thing once for as long as it is so. */
export class TransportNotices {
  readonly #options: NoticeOptions;
  readonly #warn: (warning: TransportWarning) => void;
  #missing: ReadonlySet<string> = new Set();
  #unreachable = false;

  constructor(options: NoticeOptions, warn: (warning: TransportWarning) => void) {
    this.#options = options;
    this.#warn = warn;
  }

  refusedSource(address: string): void {
    const message =
      `datagrams from ${address} are refused, as it is in none of the blocks that they may come from: ` +
      `if it is a peer, name its block in the option allow, such as '${address}/32'`;
    this.#warn({ code: 'source-refused', message });
  }

  /** With a group, a stranger at the port shows there. Without, he would go unnoticed, and seeds name the port. */
  portTaken(first: UnicastSocket | undefined): void {
    const { group, port } = this.#options;
    if (group !== false || first === undefined || first.socket.port === port) return;
    const message =
      `UDP port ${port} of ${first.own.address} is taken by another process, so this node is at ${first.endpoint}: ` +
      `a seed that names port ${port} does not lead here`;
    this.#warn({ code: 'port-taken', message });
  }

  receiveBuffer(givenBytes: number, wantedBytes: number): void {
    const message = receiveBufferAdvice(givenBytes, wantedBytes, process.platform);
    if (message !== undefined) this.#warn({ code: 'receive-buffer', message });
  }

  /** What the option `interface` names and the host does not have is this now. */
  missing(names: readonly string[]): void {
    const before = this.#missing;
    this.#missing = new Set(names);
    for (const name of this.#missing) {
      if (before.has(name)) continue;
      const message = `the network interface ${name} is gone, and the mesh is not reached by it until it is back`;
      this.#warn({ code: 'interface-lost', message });
    }
    for (const name of before) {
      if (this.#missing.has(name)) continue;
      this.#warn({ code: 'interface-back', message: `the network interface ${name} is back, and in use again` });
    }
  }

  /** Whether others can be reached by the group, as it stands. */
  reach(group: GroupMembership, own: readonly OwnAddress[]): void {
    const { deaf, refusals } = group;
    const homes = own.filter(({ loopback }) => loopback).map(({ name }) => name);
    const hasOuter = homes.length < own.length;
    // Loopback is a choice when it is named, and all there is when there is no other.
    const useful = group.interfaces.filter(
      (name) => !deaf.includes(name) && (this.#options.interfaces !== undefined || !hasOuter || !homes.includes(name)),
    );
    const unreachable = useful.length === 0 && this.#missing.size === 0;
    if (unreachable && !this.#unreachable) {
      const reasons = [...refusals, ...deaf.map((name) => `${name}: what is sent to the group is not heard back`)];
      const message =
        `no interface carries the group ${String(this.#options.group)} (${reasons.join(', ') || 'none knows multicast'}): ` +
        'peers are reached one by one, and found by the option peers only. Set group: false if that is as it should be';
      this.#warn({ code: 'multicast-unavailable', message });
    }
    this.#unreachable = unreachable;
  }
}
