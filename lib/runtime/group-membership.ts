import { MeshError } from '../errors/mesh-error.js';
import type { Endpoint } from '../primitives/endpoint.js';
import { errorCode, type MessageListener, type SendCallback, socketError, UdpSocket } from './udp-socket.js';
import type { UnicastSocket } from './unicast-sockets.js';

export interface GroupSettings {
  readonly group: string;
  readonly port: number;
  readonly ttl: number;
  readonly receiveBufferBytes?: number | undefined;
}

/** So many datagrams to the group of which none came back are no accident. */
const UNHEARD_MOST = 3;
/** Looks from the first attempt to join again to the second; twice as many to each further one. */
const FIRST_PAUSE_LOOKS = 5;
const LONGEST_PAUSE_LOOKS = 640;

/** One interface on which the group is joined. */
interface Member {
  readonly sender: UnicastSocket;
  /** Datagrams sent since one of them was last heard, now and at the look before. */
  unheard: number;
  unheardBefore: number;
  /** One came back since the look before. */
  heard: boolean;
  /** Attempts to join again since one came back. */
  rejoins: number;
  looksToRejoin: number;
}

/**
 * How a node stands in its group: one socket that hears it, joined on each interface, and the unicast sockets to send
 * from, so that a group datagram carries an address at which its sender can be answered. One socket and not one for each
 * interface, as Linux hands what arrives at any interface to every socket of the group.
 */
export class GroupMembership {
  readonly #settings: GroupSettings;
  readonly #members = new Map<Endpoint, Member>();
  #socket: UdpSocket | undefined;
  #refusals: readonly string[] = [];

  constructor(settings: GroupSettings) {
    this.#settings = settings;
  }

  /** Names of the interfaces on which the group is joined. */
  get interfaces(): readonly string[] {
    return [...this.#members.values()].map(({ sender }) => sender.own.name);
  }

  get size(): number {
    return this.#members.size;
  }

  /** Why interfaces are not joined that ought to be, as `eth0: ENODEV`. */
  get refusals(): readonly string[] {
    return this.#refusals;
  }

  /** The interfaces from which nothing of what is sent to the group comes back, though they were joined again. */
  get deaf(): readonly string[] {
    return [...this.#members.values()].filter(({ rejoins }) => rejoins > 1).map(({ sender }) => sender.own.name);
  }

  get receiveBufferBytes(): number | undefined {
    return this.#socket?.receiveBufferBytes;
  }

  /**
   * Binds the socket that hears the group.
   *
   * @throws MeshError `MESH_ERR_PORT_IN_USE`, `MESH_ERR_SOCKET`
   */
  async open(onMessage: MessageListener): Promise<void> {
    const { group, port, receiveBufferBytes } = this.#settings;
    // Linux gives a socket that is bound to the group what is sent to the group and nothing else; others know no such bind.
    const address = process.platform === 'linux' ? group : '0.0.0.0';
    try {
      this.#socket = await UdpSocket.bind({ address, port, shared: true, receiveBufferBytes }, onMessage);
    } catch (error) {
      throw errorCode(error) === 'EADDRINUSE'
        ? portInUse(port, error)
        : socketError(`binding ${address}:${port}`, error);
    }
  }

  /** Joins on the interfaces of these sockets, and on no others. */
  adopt(senders: readonly UnicastSocket[]): void {
    for (const member of [...this.#members.values()]) if (!senders.includes(member.sender)) this.#leave(member.sender);
    const refusals: string[] = [];
    for (const sender of senders) {
      const refusal = this.#members.has(sender.endpoint) ? undefined : this.#join(sender);
      if (refusal !== undefined) refusals.push(`${sender.own.name}: ${refusal}`);
    }
    this.#refusals = refusals;
  }

  /** Sends once from each interface; `callback` is called as often as there are interfaces. */
  send(bytes: Buffer, length: number, callback: SendCallback): void {
    const { group: address, port } = this.#settings;
    for (const member of this.#members.values()) {
      member.unheard++;
      member.sender.socket.send(bytes, length, { address, port }, callback);
    }
  }

  /** Whether this came from ourselves, which shows that the group is heard on that interface. */
  isOwn(from: Endpoint): boolean {
    const member = this.#members.get(from);
    if (member === undefined) return false;
    member.unheard = 0;
    member.heard = true;
    return true;
  }

  /**
   * To be called now and then: joins again where nothing is heard of what was sent. The kernel forgets a membership with
   * the interface, which may have been made anew before anyone looked.
   */
  look(): void {
    for (const member of this.#members.values()) {
      // What was sent since the look before may be on its way back still.
      const deaf = !member.heard && member.unheardBefore >= UNHEARD_MOST;
      if (member.heard) member.rejoins = member.looksToRejoin = 0;
      member.heard = false;
      member.unheardBefore = member.unheard;
      if (member.looksToRejoin > 0) member.looksToRejoin--;
      else if (deaf) this.#rejoin(member);
    }
  }

  async close(): Promise<void> {
    this.#members.clear();
    await this.#socket?.close();
  }

  #join(sender: UnicastSocket): string | undefined {
    const { group, ttl } = this.#settings;
    const { address } = sender.own;
    const refusal = sender.socket.sendGroupsFrom(address, ttl) ?? this.#socket?.join(group, address);
    if (refusal === undefined) {
      this.#members.set(sender.endpoint, newMember(sender));
    }
    return refusal;
  }

  #leave(sender: UnicastSocket): void {
    this.#members.delete(sender.endpoint);
    this.#socket?.leave(this.#settings.group, sender.own.address);
  }

  #rejoin(member: Member): void {
    const { group, ttl } = this.#settings;
    const { own, socket } = member.sender;
    this.#socket?.leave(group, own.address);
    this.#socket?.join(group, own.address);
    socket.sendGroupsFrom(own.address, ttl);
    member.unheard = member.unheardBefore = 0;
    member.looksToRejoin = Math.min(FIRST_PAUSE_LOOKS * 2 ** member.rejoins, LONGEST_PAUSE_LOOKS);
    member.rejoins++;
  }
}

function newMember(sender: UnicastSocket): Member {
  return { sender, unheard: 0, unheardBefore: 0, heard: false, rejoins: 0, looksToRejoin: 0 };
}

function portInUse(port: number, cause: unknown): MeshError {
  const message =
    `UDP port ${port} is held by a process that does not share it (7946 is also the port of Serf and of Docker Swarm): ` +
    'give all nodes of the mesh another one by the option port';
  return new MeshError('MESH_ERR_PORT_IN_USE', message, { cause });
}
