import type { RemoteInfo } from 'node:dgram';
import { MeshError } from '../errors/mesh-error.js';
import type { ResolvedMeshOptions } from '../options/resolved-mesh-options.js';
import { type Endpoint, formatEndpoint, isIpv4, isLoopback } from '../primitives/endpoint.js';
import { type ChosenAddresses, chooseAddresses, putFirst } from './choose-addresses.js';
import { GroupMembership } from './group-membership.js';
import { type OwnAddress, type ReadOwnAddresses, readOwnAddresses } from './own-address.js';
import type { Clock, DatagramTransport, Timer, TransportHandlers, TransportSnapshot } from './ports.js';
import { SOCKET_BUFFER_BYTES } from './receive-buffer.js';
import { SourceFilter } from './source-filter.js';
import { sourceAddress } from './source-address.js';
import { SourceRoutes } from './source-routes.js';
import { TransportNotices } from './transport-notices.js';
import { socketError } from './udp-socket.js';
import { UnicastSockets } from './unicast-sockets.js';

/** How often interfaces are looked at: Node has no event for their coming and going. */
const LOOK_EVERY_MS = 1000;
/** Looks after which the operating system is asked again for its routes, which change without an address changing. */
const LOOKS_PER_ROUTE = 30;
/** An address of TEST-NET-2, to ask for the way to everyone: RFC 5737. Nothing is sent to it. */
const ANYWHERE = '198.51.100.1';
/** What counts as refused by the kernel though it never got there. */
const NO_ROUTE = new Error('no socket can send there');

export type TransportOptions = Pick<
  ResolvedMeshOptions,
  'port' | 'group' | 'interfaces' | 'seeds' | 'advertise' | 'allow' | 'multicastTtl'
>;

/** What tests set, and the bus leaves alone. */
export interface TransportTuning {
  readonly receiveBufferBytes?: number;
  readonly readOwnAddresses?: ReadOwnAddresses;
}

/** UDP sockets of this process: one for each own address, and one that hears the group. */
export class NodeDatagramTransport implements DatagramTransport {
  readonly #options: TransportOptions;
  readonly #clock: Clock;
  readonly #readOwn: ReadOwnAddresses;
  readonly #receiveBufferBytes: number;
  readonly #unicast: UnicastSockets;
  readonly #group: GroupMembership | undefined;
  readonly #routes = new SourceRoutes(sourceAddress);
  readonly #filter: SourceFilter;
  readonly #notices: TransportNotices;
  #handlers: TransportHandlers | undefined;
  #endpoints: readonly Endpoint[] = [];
  #lastSeen = '';
  #looks = 0;
  #timer: Timer | undefined;
  #work: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(options: TransportOptions, clock: Clock, tuning: TransportTuning = {}) {
    const { port, group, multicastTtl: ttl, allow } = options;
    const receiveBufferBytes = tuning.receiveBufferBytes ?? SOCKET_BUFFER_BYTES;
    this.#options = options;
    this.#clock = clock;
    this.#readOwn = tuning.readOwnAddresses ?? readOwnAddresses;
    this.#receiveBufferBytes = receiveBufferBytes;
    this.#unicast = new UnicastSockets({ port, receiveBufferBytes }, (bytes, from) => this.#hear(bytes, from));
    this.#group = group === false ? undefined : new GroupMembership({ group, port, ttl, receiveBufferBytes });
    this.#notices = new TransportNotices(options, (warning) => this.#handlers?.onWarning(warning));
    this.#filter = new SourceFilter(allow, (address) => this.#notices.refusedSource(address));
  }

  async open(handlers: TransportHandlers): Promise<void> {
    this.#work = this.#open(handlers);
    try {
      await this.#work;
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  // eslint-disable-next-line @typescript-eslint/max-params -- the port's: an object for each datagram would cost
  send(
    bytes: Buffer,
    length: number,
    toGroup: boolean,
    to: readonly Endpoint[],
    done: (failures: number) => void,
  ): void {
    const interfaces = toGroup ? (this.#group?.size ?? 0) : 0;
    let waiting = interfaces + to.length;
    // A group that is joined nowhere did not get it.
    if (toGroup && interfaces === 0) waiting++;
    let failures = 0;
    const settle = (error: Error | null): void => {
      if (error !== null) failures++;
      if (--waiting <= 0) done(failures);
    };
    if (waiting === 0) process.nextTick(settle, null);
    if (toGroup && interfaces === 0) process.nextTick(settle, NO_ROUTE);
    else if (toGroup) this.#group?.send(bytes, length, settle);
    for (const endpoint of to) {
      const route = this.#routes.find(endpoint);
      if (route === undefined) process.nextTick(settle, NO_ROUTE);
      else route.from.socket.send(bytes, length, route, settle);
    }
  }

  snapshot(): TransportSnapshot {
    return {
      endpoints: this.#endpoints,
      multicast: this.#group?.interfaces ?? [],
      receiveBufferBytes: this.#closed ? undefined : this.#smallestReceiveBuffer(),
      refusedSources: this.#filter.refused,
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#timer?.cancel();
    // What is being opened is closed after it: a bind that is under way can not be called off.
    await this.#work.catch(() => undefined);
    this.#handlers = undefined;
    await Promise.all([this.#unicast.close(), this.#group?.close()]);
  }

  async #open(handlers: TransportHandlers): Promise<void> {
    const own = this.#listOwn();
    const chosen = chooseAddresses(own, this.#options.interfaces);
    if (chosen.missing.length > 0) throw missingInterfaces(chosen.missing, own);
    if (chosen.unicast.length === 0) throw noInterface();
    await this.#bind(own, chosen);
    await this.#group?.open((bytes, from) => this.#hearGroup(bytes, from));
    if (this.#closed) throw new MeshError('MESH_ERR_CLOSED', 'the sockets were closed while they were being opened');
    this.#handlers = handlers;
    this.#join(own, chosen);
    this.#notices.portTaken(this.#unicast.all[0]);
    const smallest = this.#smallestReceiveBuffer();
    if (smallest !== undefined) this.#notices.receiveBuffer(smallest, this.#receiveBufferBytes);
    this.#tellEndpoints();
    this.#lookLater();
  }

  #listOwn(): readonly OwnAddress[] {
    try {
      return this.#readOwn();
    } catch (error) {
      throw socketError('listing the network interfaces', error);
    }
  }

  async #bind(own: readonly OwnAddress[], chosen: ChosenAddresses): Promise<void> {
    this.#filter.adopt(own.map(({ cidr }) => cidr));
    const first = (await this.#outwardAddress(chosen)) ?? this.#unicast.all[0]?.own.address;
    await this.#unicast.adopt(putFirst(chosen.unicast, first));
    this.#routes.adopt(this.#unicast.all);
  }

  /** Of several own addresses, the one to tell others: where the way to everyone, or to a seed, begins. */
  async #outwardAddress({ unicast }: ChosenAddresses): Promise<string | undefined> {
    if (unicast.filter(({ loopback }) => !loopback).length < 2) return undefined;
    const seed = this.#options.seeds.find(({ host }) => isIpv4(host) && !isLoopback(`${host}:`));
    return sourceAddress(seed?.host ?? ANYWHERE);
  }

  #join(own: readonly OwnAddress[], { unicast, multicast }: ChosenAddresses): void {
    const addresses = new Set(multicast.map(({ address }) => address));
    this.#group?.adopt(this.#unicast.all.filter((socket) => addresses.has(socket.own.address)));
    if (this.#group !== undefined) this.#notices.reach(this.#group, own);
    const complete = this.#unicast.all.length === unicast.length && (this.#group?.refusals.length ?? 0) === 0;
    this.#lastSeen = complete ? JSON.stringify(own) : '';
  }

  #tellEndpoints(): void {
    const own = this.#unicast.all.map(({ endpoint }) => endpoint);
    const { advertise } = this.#options;
    const endpoints = [...new Set(advertise === undefined ? own : [advertise, ...own])];
    if (endpoints.join() === this.#endpoints.join()) return;
    this.#endpoints = endpoints;
    this.#handlers?.onEndpoints(endpoints);
  }

  #lookLater(): void {
    if (this.#closed) return;
    this.#timer = this.#clock.schedule(this.#clock.now() + LOOK_EVERY_MS, () => {
      this.#work = this.#look()
        // An interface that went while it was being adopted: the next look finds it gone.
        .catch(() => (this.#lastSeen = ''))
        .then(() => this.#lookLater());
    });
  }

  async #look(): Promise<void> {
    const own = this.#readOwn();
    this.#group?.look();
    if (++this.#looks % LOOKS_PER_ROUTE === 0) this.#routes.forget();
    if (JSON.stringify(own) === this.#lastSeen) {
      if (this.#group !== undefined) this.#notices.reach(this.#group, own);
      return;
    }
    const chosen = chooseAddresses(own, this.#options.interfaces);
    this.#notices.missing(chosen.missing);
    await this.#bind(own, chosen);
    if (this.#closed) return;
    this.#join(own, chosen);
    this.#tellEndpoints();
  }

  #hear(bytes: Buffer, { address, port }: RemoteInfo): void {
    // Nobody can be answered at port 0, which only a forged datagram bears.
    if (this.#handlers === undefined || port === 0 || !this.#filter.admits(address)) return;
    this.#handlers.onDatagram({ from: formatEndpoint(address, port), viaGroup: false }, bytes);
  }

  /** Own datagrams come back by the group: that is of interest here alone. */
  #hearGroup(bytes: Buffer, { address, port }: RemoteInfo): void {
    const from = formatEndpoint(address, port);
    if (this.#group?.isOwn(from) === true) return;
    if (this.#handlers === undefined || port === 0 || !this.#filter.admits(address)) return;
    this.#handlers.onDatagram({ from, viaGroup: true }, bytes);
  }

  #smallestReceiveBuffer(): number | undefined {
    const sizes = this.#unicast.all.map(({ socket }) => socket.receiveBufferBytes);
    const ofGroup = this.#group?.receiveBufferBytes;
    if (ofGroup !== undefined) sizes.push(ofGroup);
    return sizes.length === 0 ? undefined : Math.min(...sizes);
  }
}

function missingInterfaces(missing: readonly string[], own: readonly OwnAddress[]): MeshError {
  const there = own.map(({ name, address }) => `${name} (${address})`).join(', ');
  const message =
    `option interface: there is no ${missing.map((name) => `'${name}'`).join(', ')} with an IPv4 address that is up; ` +
    `this host has ${there || 'none at all'}`;
  return new MeshError('MESH_ERR_CONFIG', message);
}

function noInterface(): MeshError {
  return new MeshError('MESH_ERR_SOCKET', 'no network interface with an IPv4 address is up: bring one up, lo at least');
}
