import { once } from 'node:events';
import { createSocket, type Socket } from 'node:dgram';
import { randomBytes } from 'node:crypto';

import { Inbox } from './inbox.js';

const MAGIC = 0x57;
const INVALIDATE = 1;
const HEARTBEAT = 2;
const BATCH = 3;
const GROUP = '239.0.0.1';

interface V1Packet {
  readonly type: number;
  readonly nodeId: string;
  readonly keys: readonly string[];
}

/**
 * A node as the original is one, written from the layout of its datagrams and with none of the library's code: it binds
 * `0.0.0.0:port` with address reuse, joins the group, and sends each packet to the group and to each peer.
 */
export class V1Node {
  readonly id = randomBytes(16);
  readonly packets = new Inbox<V1Packet>();
  readonly #socket: Socket = createSocket({ type: 'udp4', reuseAddr: true });
  readonly #port: number;
  readonly #interface: string;
  readonly #peers = new Map<string, number>();

  /** `interfaceAddress` is the one at which it joins the group, and from which it sends there. */
  constructor(port: number, interfaceAddress = '127.0.0.1') {
    this.#port = port;
    this.#interface = interfaceAddress;
    this.#socket.on('message', (bytes, from) => {
      this.#take(bytes, from.address, from.port);
    });
  }

  async start(): Promise<void> {
    this.#socket.bind({ port: this.#port, address: '0.0.0.0', exclusive: true });
    await once(this.#socket, 'listening');
    this.#socket.addMembership(GROUP, this.#interface);
    this.#socket.setMulticastInterface(this.#interface);
    this.#socket.setMulticastLoopback(true);
  }

  get peers(): readonly string[] {
    return [...this.#peers.keys()];
  }

  async heartbeat(address: string): Promise<void> {
    await this.#send(this.#single(HEARTBEAT, address));
  }

  async invalidate(key: string): Promise<void> {
    await this.#send(this.#single(INVALIDATE, key));
  }

  async batch(keys: readonly string[]): Promise<void> {
    const parts = [this.#header(BATCH), u16(keys.length)];
    for (const key of keys) parts.push(u16(Buffer.byteLength(key)), Buffer.from(key));
    await this.#send(Buffer.concat(parts));
  }

  close(): void {
    this.#socket.close();
  }

  #header(type: number): Buffer {
    return Buffer.concat([Buffer.from([MAGIC, type]), this.id]);
  }

  #single(type: number, key: string): Buffer {
    return Buffer.concat([this.#header(type), Buffer.alloc(8), u16(Buffer.byteLength(key)), Buffer.from(key)]);
  }

  async #send(bytes: Buffer): Promise<void> {
    const sends = [this.#sendTo(bytes, GROUP, this.#port)];
    for (const [peer, port] of this.#peers) sends.push(this.#sendTo(bytes, peer.split(':')[0]!, port));
    await Promise.all(sends);
  }

  #sendTo(bytes: Buffer, address: string, port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.send(bytes, port, address, (error) => {
        if (error) reject(error);
        else resolve();
      });
    });
  }

  #take(bytes: Buffer, address: string, port: number): void {
    if (bytes.length < 18 || bytes[0] !== MAGIC) return;
    const nodeId = bytes.toString('hex', 2, 18);
    if (nodeId === this.id.toString('hex')) return;
    const type = bytes[1]!;
    if (type === INVALIDATE || type === HEARTBEAT) {
      const length = bytes.readUInt16BE(26);
      const key = bytes.toString('utf8', 28, 28 + length);
      if (type === HEARTBEAT) this.#peers.set(`${address}:${port}`, port);
      this.packets.add({ type, nodeId, keys: [key] });
    } else if (type === BATCH) {
      this.packets.add({ type, nodeId, keys: readBatch(bytes) });
    }
  }
}

function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

function readBatch(bytes: Buffer): string[] {
  const keys: string[] = [];
  let offset = 20;
  for (let left = bytes.readUInt16BE(18); left > 0; left--) {
    const length = bytes.readUInt16BE(offset);
    keys.push(bytes.toString('utf8', offset + 2, offset + 2 + length));
    offset += 2 + length;
  }
  return keys;
}
