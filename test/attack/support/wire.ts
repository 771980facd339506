import { randomBytes } from 'node:crypto';

/**
 * An attacker's tools: datagrams laid out from docs/protocol.md alone. Nothing of the library is used, so that a mistake
 * of it is not made twice.
 */
export const Type = {
  invalidate: 0x01,
  heartbeat: 0x02,
  batch: 0x03,
  hello: 0x10,
  helloAck: 0x11,
  beacon: 0x12,
  nack: 0x13,
  ack: 0x14,
  repair: 0x15,
  resyncRequest: 0x16,
  resync: 0x17,
  leave: 0x18,
  ping: 0x19,
  pingRequest: 0x1a,
  pong: 0x1b,
  peers: 0x1c,
  matching: 0x1f,
  sealed: 0x20,
  buckets: 0x21,
} as const;

export const HelloFlag = { verified: 1, hearsGroup: 2, toGroup: 4, client: 8 } as const;

const MAGIC = 0x57;
const VERSION = 2;
export const HEADER_BYTES = 18;

export interface Address {
  readonly host: string;
  readonly port: number;
}

export function addressOf(endpoint: string | undefined): Address {
  const [host = '', port = ''] = (endpoint ?? '').split(':');
  return { host, port: Number(port) };
}

export function u8(value: number): Buffer {
  return Buffer.from([value]);
}

export function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

export function u48(value: number): Buffer {
  const bytes = Buffer.alloc(6);
  bytes.writeUIntBE(value, 0, 6);
  return bytes;
}

export function u64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(value);
  return bytes;
}

export function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
}

/** The bucket of a key, of 4096. */
export function bucketOf(key: string): number {
  return fnv1a(key) & 0xfff;
}

export function randomId(): Buffer {
  return randomBytes(16);
}

/** The 16 bytes of a bus's id, which is a UUID. */
export function idBytes(uuid: string): Buffer {
  return Buffer.from(uuid.replaceAll('-', ''), 'hex');
}

export function datagram(type: number, sender: Buffer, ...body: readonly Buffer[]): Buffer {
  return Buffer.concat([u8(MAGIC), u8(type), sender, ...body]);
}

function text(value: string): Buffer {
  return Buffer.concat([u16(Buffer.byteLength(value)), Buffer.from(value)]);
}

function tlv(type: number, value: Buffer): Buffer {
  return Buffer.concat([u8(type), u16(value.length), value]);
}

export interface Trailer {
  readonly sequence?: number;
  readonly floor?: number;
}

/** Of the cluster `default`, which leaves its tag out. */
function trailer({ sequence = 1, floor = sequence + 1 }: Trailer, ...tlvs: readonly Buffer[]): Buffer {
  return Buffer.concat([u8(0x4d), u8(VERSION << 4), u48(sequence), u48(floor), u48(0), ...tlvs]);
}

export function invalidate(sender: Buffer, key: string): Buffer {
  return datagram(Type.invalidate, sender, u64(0n), text(key));
}

function texts(keys: readonly string[]): Buffer {
  return Buffer.concat([u16(keys.length), ...keys.map(text)]);
}

export function v1Batch(sender: Buffer, keys: readonly string[]): Buffer {
  return datagram(Type.batch, sender, texts(keys));
}

export function batch(sender: Buffer, keys: readonly string[], terms: Trailer = {}): Buffer {
  return datagram(Type.batch, sender, texts(keys), trailer(terms));
}

export function matching(sender: Buffer, patterns: readonly string[], terms: Trailer = {}): Buffer {
  return datagram(Type.matching, sender, texts(patterns), trailer(terms));
}

/** Of some buckets, or all. */
export function buckets(sender: Buffer, which: readonly number[] | 'all', terms: Trailer = {}): Buffer {
  const body = which === 'all' ? u8(1) : Buffer.concat([u8(0), bitmap(which)]);
  return datagram(Type.buckets, sender, body, trailer(terms));
}

function bitmap(which: readonly number[]): Buffer {
  const bytes = Buffer.alloc(512);
  for (const bucket of which) bytes[bucket >> 3]! |= 1 << (bucket & 7);
  return bytes;
}

export interface Hearsay {
  /** For how long it has been gone. */
  readonly seconds?: number;
  readonly about: Buffer;
  readonly highest: number;
}

export interface HeartbeatTerms extends Trailer {
  readonly address?: string;
  readonly heard?: readonly Hearsay[];
  readonly gone?: readonly Hearsay[];
  readonly members?: { readonly count: number; readonly hash: number };
}

export function heartbeat(sender: Buffer, terms: HeartbeatTerms = {}): Buffer {
  const { address = '127.0.0.1:9', heard = [], gone = [], members } = terms;
  const tlvs: Buffer[] = [];
  if (members !== undefined) tlvs.push(tlv(5, Buffer.concat([u16(members.count), u48(members.hash), u16(0xffff)])));
  if (heard.length > 0) tlvs.push(tlv(6, Buffer.concat(heard.flatMap((one) => [one.about, u48(one.highest)]))));
  if (gone.length > 0)
    tlvs.push(tlv(7, Buffer.concat(gone.flatMap((one) => [one.about, u48(one.highest), u16(one.seconds ?? 1)]))));
  return datagram(Type.heartbeat, sender, u64(0n), text(address), trailer({ sequence: 0, ...terms }, ...tlvs));
}

export function v1Heartbeat(sender: Buffer, address: string): Buffer {
  return datagram(Type.heartbeat, sender, u64(0n), text(address));
}

export interface HelloTerms {
  readonly ack?: boolean;
  readonly flags?: number;
  readonly nonce?: bigint;
  readonly echo?: bigint;
  readonly advertised?: Address;
  readonly cluster?: string;
  readonly heartbeatMs?: number;
  readonly highest?: number;
}

export function hello(sender: Buffer, terms: HelloTerms = {}): Buffer {
  const { ack = false, flags = 0, nonce = 0x1234n, echo = 0n, cluster = 'default' } = terms;
  const { heartbeatMs = 20_000, highest = 0, advertised = { host: '0.0.0.0', port: 0 } } = terms;
  const { host, port } = advertised;
  return datagram(
    ack ? Type.helloAck : Type.hello,
    sender,
    ...[head(flags, cluster), u64(nonce), u64(echo), u16(heartbeatMs), u48(highest), u48(highest + 1)],
    ...[u16(0), u48(0), ip(host), u16(port), u8(0), u8(cluster.length), Buffer.from(cluster)],
  );
}

export interface Greeting {
  readonly nonce: bigint;
  readonly echo: bigint;
  readonly flags: number;
}

export function readHello(bytes: Buffer): Greeting {
  const at = HEADER_BYTES;
  return { flags: bytes[at + 1]!, nonce: bytes.readBigUInt64BE(at + 6), echo: bytes.readBigUInt64BE(at + 14) };
}

function head(flags = 0, cluster = 'default'): Buffer {
  return Buffer.concat([u8(VERSION), u8(flags), u32(fnv1a(cluster))]);
}

function ip(host: string): Buffer {
  return Buffer.from(host.split('.').map(Number));
}

function frame(type: number, sender: Buffer, nonce: bigint, body: readonly Buffer[], flags = 0): Buffer {
  return datagram(type, sender, head(flags), u64(nonce), ...body);
}

/** Where the token of a nack and of its answer stands. */
const TOKEN_AT = HEADER_BYTES + 14;

export function tokenOf(bytes: Buffer): number {
  return bytes.readUInt32BE(TOKEN_AT);
}

export interface BeaconTerms {
  readonly token?: number;
  readonly highest?: number;
  readonly floor?: number;
}

export function beacon(sender: Buffer, nonce: bigint, about: Buffer, terms: BeaconTerms = {}): Buffer {
  const { token = 0, highest = 0, floor = highest + 1 } = terms;
  return frame(Type.beacon, sender, nonce, [u32(token), about, u48(highest), u48(floor)]);
}

export function nack(sender: Buffer, nonce: bigint, about: Buffer, ranges: readonly (readonly [number, number])[]) {
  const list = ranges.flatMap(([from, count]) => [u48(from), u16(count)]);
  return frame(Type.nack, sender, nonce, [u32(1), about, u8(ranges.length), ...list]);
}

export function ack(sender: Buffer, nonce: bigint, highest: number): Buffer {
  return frame(Type.ack, sender, nonce, [u48(highest), u48(highest), u32(0)]);
}

/** Another datagram, with events, once more. */
export function repair(sender: Buffer, nonce: bigint, original: Buffer, flags = 0): Buffer {
  const origin = original.subarray(2, HEADER_BYTES);
  return frame(Type.repair, sender, nonce, [origin, u8(original[1]!), original.subarray(HEADER_BYTES)], flags);
}

export function resyncRequest(sender: Buffer, nonce: bigint, from: number): Buffer {
  return frame(Type.resyncRequest, sender, nonce, [u32(1), u48(from)]);
}

export function resync(sender: Buffer, nonce: bigint): Buffer {
  return frame(Type.resync, sender, nonce, [u32(1), u48(1), u48(2 ** 40)], 1);
}

export function leave(sender: Buffer, nonce: bigint, highest = 0): Buffer {
  return frame(Type.leave, sender, nonce, [u48(highest)]);
}

export function ping(sender: Buffer, nonce: bigint, target: Buffer): Buffer {
  return frame(Type.ping, sender, nonce, [u32(1), target]);
}

export function pingRequest(sender: Buffer, nonce: bigint, target: Buffer): Buffer {
  return frame(Type.pingRequest, sender, nonce, [u32(1), target]);
}

export function pong(sender: Buffer, nonce: bigint, about: Buffer, highest = 0): Buffer {
  return frame(Type.pong, sender, nonce, [u32(1), about, u48(highest)]);
}

export interface Told extends Address {
  readonly id: Buffer;
}

export function peers(sender: Buffer, nonce: bigint, told: readonly Told[], asks = false): Buffer {
  const entries = told.flatMap(({ id, host, port }) => [id, ip(host), u16(port), u8(0), u48(0)]);
  return frame(Type.peers, sender, nonce, [u16(0), u48(0), u8(told.length), ...entries], asks ? 1 : 0);
}

export interface ForgeryTerms {
  /** Whose name is used. */
  readonly sender: Buffer;
  /** Another member. */
  readonly third: Buffer;
  /** An address that is to be drawn into it. */
  readonly victim: Address;
  /** The nonce of the addressee, if it is known. */
  readonly nonce?: bigint;
  readonly sequence?: number;
}

/** One of everything that goes over the wire in v2, in one name. */
export function everything(terms: ForgeryTerms): readonly Buffer[] {
  return [...events(terms), ...statements(terms), ...greetings(terms), ...frames(terms)];
}

/** What holds events, and needs no nonce. */
export function events({ sender, sequence = 1 }: ForgeryTerms): readonly Buffer[] {
  const first = batch(sender, ['forged'], { sequence });
  return [
    first,
    matching(sender, ['forged*'], { sequence: sequence + 1 }),
    buckets(sender, 'all', { sequence: sequence + 2 }),
    repair(sender, 0n, batch(sender, ['forged'], { sequence: sequence + 3 }), 4),
  ];
}

/** What says how things stand, and needs no nonce. */
export function statements({ sender, third, victim, sequence = 1 }: ForgeryTerms): readonly Buffer[] {
  const address = `${victim.host}:${victim.port}`;
  const about = [{ about: third, highest: 50 }];
  return [
    heartbeat(sender, { sequence, address, members: { count: 9, hash: 9 }, heard: about }),
    heartbeat(sender, { sequence, address, gone: about }),
    beacon(sender, 0n, sender, { highest: sequence }),
  ];
}

export function greetings({ sender, victim, nonce = 0xbadn }: ForgeryTerms): readonly Buffer[] {
  return [
    hello(sender, { advertised: victim }),
    hello(sender, { advertised: victim, flags: HelloFlag.toGroup }),
    hello(sender, { advertised: victim, ack: true, echo: nonce, flags: HelloFlag.verified }),
  ];
}

/** What is between two nodes, and needs the nonce of the addressee. */
export function frames({ sender, third, victim, nonce = 0xbadn }: ForgeryTerms): readonly Buffer[] {
  return [
    leave(sender, nonce),
    repair(sender, nonce, batch(sender, ['forged'], { sequence: 9 })),
    repair(sender, nonce, batch(third, ['forged'], { sequence: 9 })),
    beacon(sender, nonce, third, { highest: 60 }),
    nack(sender, nonce, third, [[1, 64]]),
    ack(sender, nonce, 2 ** 40),
    resyncRequest(sender, nonce, 1),
    resync(sender, nonce),
    ping(sender, nonce, third),
    pingRequest(sender, nonce, third),
    pong(sender, nonce, third, 60),
    peers(sender, nonce, [{ id: randomId(), ...victim }], true),
  ];
}

/** What v1 nodes send, which can prove nothing. */
export function v1Everything(sender: Buffer, victim: Address): readonly Buffer[] {
  return [
    invalidate(sender, 'forged'),
    v1Batch(sender, ['forged']),
    v1Heartbeat(sender, `${victim.host}:${victim.port}`),
  ];
}
