import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { MeshBus } from 'nestjs-mesh/bus';
import { type Address, addressOf, Type } from './wire.js';

export const GROUP = '239.0.0.1';

export interface Captured {
  readonly bytes: Buffer;
  readonly from: Address;
}

/** As many as the smallest buffer of a socket surely holds. */
const BURST = 40;
/** A frame of version 9 is refused for that: it is counted apart from everything else that is sent here. */
const MARKER = Buffer.concat([Buffer.from([0x57, Type.ping]), Buffer.alloc(16), Buffer.from([9]), Buffer.alloc(60)]);

/** Why markers are dropped, and nothing else is. */
export const MARKED = 'unsupported-version';

/** Resolves as soon as it is so. */
export async function until(isSo: () => boolean, what: string, deadlineMs = 15_000): Promise<void> {
  const deadline = performance.now() + deadlineMs;
  while (!isSo()) {
    if (performance.now() > deadline) throw new Error(`not within ${deadlineMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

type LookupCallback = (error: NodeJS.ErrnoException | null, address: string, family: number) => void;

/** Node's own look-up takes each address to a thread, and the order of datagrams would be lost. */
function literal(address: string, _options: unknown, callback: LookupCallback): void {
  callback(null, address, 4);
}

async function bind(socket: Socket, to: { readonly address: string; readonly port?: number }): Promise<void> {
  const listening = once(socket, 'listening');
  socket.bind({ ...to, exclusive: true });
  await listening;
}

/** A socket that is no node: it hears, keeps what it hears, and sends whatever it likes. */
export class Attacker {
  readonly captured: Captured[] = [];
  readonly address: Address;
  readonly #socket: Socket;
  #onCapture: ((captured: Captured) => void) | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    const { address, port } = socket.address();
    this.address = { host: address, port };
    socket.on('message', (bytes, { address: host, port: from }) => {
      const captured = { bytes, from: { host, port: from } };
      this.captured.push(captured);
      this.#onCapture?.(captured);
    });
    socket.on('error', () => undefined);
  }

  static async open(host = '127.0.0.1'): Promise<Attacker> {
    const socket = createSocket({ type: 'udp4', lookup: literal });
    await bind(socket, { address: host });
    return new Attacker(socket);
  }

  /** One that hears what a mesh on loopback says to its group. */
  static async listening(port: number): Promise<Attacker> {
    const socket = createSocket({ type: 'udp4', reuseAddr: true, lookup: literal });
    await bind(socket, { address: GROUP, port });
    socket.addMembership(GROUP, '127.0.0.1');
    return new Attacker(socket);
  }

  get endpoint(): string {
    return `${this.address.host}:${this.address.port}`;
  }

  get bytesHeard(): number {
    return this.captured.reduce((sum, { bytes }) => sum + bytes.length, 0);
  }

  onCapture(listener: (captured: Captured) => void): void {
    this.#onCapture = listener;
  }

  send(bytes: Buffer, to: Address): void {
    this.#socket.send(bytes, to.port, to.host);
  }

  /** Sends all of them to the bus, and resolves when it has read them all. */
  async strike(bus: MeshBus, datagrams: readonly Buffer[]): Promise<void> {
    await this.#strikeAt(bus, datagrams, addressOf(bus.address));
  }

  /** The same by the group on loopback, which others hear too. */
  async strikeGroup(bus: MeshBus, datagrams: readonly Buffer[], port: number): Promise<void> {
    this.#socket.setMulticastInterface('127.0.0.1');
    await this.#strikeAt(bus, datagrams, { host: GROUP, port });
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.#socket.close(() => resolve()));
  }

  async #strikeAt(bus: MeshBus, datagrams: readonly Buffer[], to: Address): Promise<void> {
    for (let from = 0; from < datagrams.length; from += BURST) {
      const burst = datagrams.slice(from, from + BURST);
      // Some of them are counted as markers are, and come before the one that is meant.
      const markers = markersAt(bus) + burst.filter(isMarked).length;
      for (const bytes of burst) this.send(bytes, to);
      this.send(MARKER, to);
      await until(() => markersAt(bus) > markers, 'the bus has read what was sent');
    }
  }
}

/** Whether it is dropped for the same reason as a marker: as a frame of a version that there is not. */
export function isMarked(bytes: Buffer): boolean {
  const [magic, type = 0] = bytes;
  const isFrame = (type >= 0x10 && type <= 0x1e) || type === 0x23 || type === 0x24;
  return magic === 0x57 && isFrame && bytes.length > 18 && bytes[18] !== 2;
}

function markersAt(bus: MeshBus): number {
  return bus.metrics().dropped[MARKED] ?? 0;
}

/** How many datagrams were dropped, markers left out. */
export function droppedAt(bus: MeshBus): number {
  return Object.values(bus.metrics().dropped).reduce((sum, count) => sum + count, 0) - markersAt(bus);
}

/** Sockets that are closed together. */
export class Attackers {
  readonly #open: Attacker[] = [];

  async open(host?: string): Promise<Attacker> {
    return this.#add(await Attacker.open(host));
  }

  async listening(port: number): Promise<Attacker> {
    return this.#add(await Attacker.listening(port));
  }

  async close(): Promise<void> {
    await Promise.all(this.#open.splice(0).map((attacker) => attacker.close()));
  }

  #add(attacker: Attacker): Attacker {
    this.#open.push(attacker);
    return attacker;
  }
}
