import type { NodeId } from '../../primitives/node-id.js';
import { decodePacket } from '../../wire/decode-packet.js';
import type { Decoded, SequencedPacket } from '../../wire/packet.js';

export type NameOf = (id: NodeId) => string;

/** A datagram in one line, for people. */
export function packetText(bytes: Buffer, nameOf: NameOf): string {
  const packet = decodePacket(bytes);
  switch (packet.kind) {
    case 'refused':
      return `unreadable (${packet.reason})`;
    case 'batch':
    case 'matching':
    case 'buckets':
    case 'request':
    case 'fragment':
      return packet.trailer === undefined ? packet.kind : eventText({ ...packet, trailer: packet.trailer }, nameOf);
    case 'heartbeat':
      return `heartbeat highest ${packet.trailer?.sequence}${heardText(packet, nameOf)}`;
    case 'unknown':
      return `type ${packet.type}`;
    default:
      return `${packet.kind}${frameText(packet, nameOf)}`;
  }
}

/** Whose events the datagram is about, beside its sender. */
export function subjectsOf(bytes: Buffer): readonly NodeId[] {
  const packet = decodePacket(bytes);
  if (packet.kind === 'refused') return [];
  if ('about' in packet) return [packet.sender, packet.about];
  if (packet.kind === 'repair') return [packet.sender, packet.event.sender];
  if (packet.kind !== 'heartbeat') return [packet.sender];
  return [packet.sender, ...(packet.heard ?? []).map(({ id }) => id)];
}

function eventText(packet: SequencedPacket, nameOf: NameOf): string {
  return `${packet.kind} ${nameOf(packet.sender)}#${packet.trailer.sequence} floor ${packet.trailer.floor} ${contentText(packet)}`;
}

function contentText(packet: SequencedPacket): string {
  if (packet.kind === 'buckets') return packet.buckets === 'all' ? 'all' : `${packet.buckets.size} buckets`;
  if (packet.kind === 'fragment') return `${packet.index} of ${packet.totalBytes} bytes`;
  const names = packet.kind === 'matching' ? packet.patterns : packet.keys;
  return names.length > 4 ? `[${names.slice(0, 3).join(' ')} … ${names.length}]` : `[${names.join(' ')}]`;
}

function heardText({ heard }: Decoded & { readonly kind: 'heartbeat' }, nameOf: NameOf): string {
  if (heard === undefined || heard.length === 0) return '';
  return ` heard ${heard.map(({ id, highest }) => `${nameOf(id)}:${highest}`).join(' ')}`;
}

type FramePacket = Exclude<
  Decoded,
  { readonly kind: 'refused' | 'batch' | 'matching' | 'buckets' | 'request' | 'fragment' | 'heartbeat' | 'unknown' }
>;

function frameText(packet: FramePacket, nameOf: NameOf): string {
  switch (packet.kind) {
    case 'repair':
      return ` of ${eventText(packet.event, nameOf)}`;
    case 'nack':
      return ` about ${nameOf(packet.about)} ${packet.ranges.map(({ from, count }) => `${from}+${count}`).join(' ')}`;
    case 'beacon':
      return ` about ${nameOf(packet.about)} highest ${packet.highest} floor ${packet.floor} token ${packet.token}`;
    case 'ack':
      return ` contiguous ${packet.contiguous} highest ${packet.highest} window ${packet.windowBytes}`;
    case 'resync-request':
      return ` from ${packet.from}`;
    case 'resync':
      return ` ${packet.from} to ${packet.upTo} ${packet.buckets === 'all' ? 'all' : `${packet.buckets.size} buckets`}`;
    case 'hello':
    case 'hello-ack':
      return ` highest ${packet.highest}${packet.verified ? ' verified' : ''}`;
    case 'leave':
      return ` highest ${packet.highest}`;
    case 'pong':
      return ` about ${nameOf(packet.about)} highest ${packet.highest}`;
    case 'peers':
      return ` ${packet.entries.map(({ id, highest }) => `${nameOf(id)}:${highest}`).join(' ')}`;
    case 'invalidate':
    case 'ping':
    case 'ping-request':
    case 'sealed':
      return '';
    case 'reply':
      return ` ${packet.token} part ${packet.index}`;
    case 'reply-request':
      return ` ${packet.token} ${packet.ranges.length} ranges`;
    case 'receipt':
    case 'receipt-request':
      return ` ${packet.entries.map(({ token }) => token).join(' ')}`;
  }
}
