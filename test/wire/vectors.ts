import { readFileSync } from 'node:fs';
import { BucketSet } from '../../lib/primitives/bucket-set.js';
import type { Ask } from '../../lib/primitives/ask.js';
import type { NodeId } from '../../lib/primitives/node-id.js';
import type { FragmentedContent, KeyAttachment } from '../../lib/wire/key-attachment.js';
import type { DecodeFailure, Packet } from '../../lib/wire/packet.js';

/** A packet of the mesh's own as the vectors spell it: bytes and nonces in hexadecimal, buckets by number, what is left out `undefined`. */
export type PacketJson = Readonly<Record<string, unknown>> & { readonly kind: Packet['kind'] | 'sealed' };

export interface MeshVectors {
  readonly encode: readonly { readonly name: string; readonly packet: PacketJson; readonly hex: string }[];
  readonly decode: readonly { readonly name: string; readonly packet: PacketJson; readonly hex: string }[];
  readonly reject: readonly { readonly name: string; readonly reason: DecodeFailure; readonly hex: string }[];
}

/** A datagram of the original, as it spells it: a batch of no keys has none. */
export interface WarpVector {
  readonly name: string;
  readonly type: number;
  readonly nodeId: string;
  readonly key?: string;
  readonly keys?: readonly string[];
  /** Why the original refuses it. */
  readonly error?: string;
  readonly hex: string;
}

export interface WarpVectors {
  readonly encode: readonly WarpVector[];
  readonly decode: readonly WarpVector[];
  readonly reject: readonly WarpVector[];
}

export function meshVectors(): MeshVectors {
  return read('mesh-v2.json') as MeshVectors;
}

export function warpVectors(): WarpVectors {
  return read('warp-v1.json') as WarpVectors;
}

export function nodeIdOf(hex: string): NodeId {
  return Buffer.from(hex, 'hex').toString('latin1') as NodeId;
}

/** The packet that a vector spells. */
export function packetOf(json: PacketJson): Packet {
  const packet: Record<string, unknown> = { ...json };
  for (const name of ['sender', 'target', 'about']) {
    if (name in json) packet[name] = nodeIdOf(json[name] as string);
  }
  for (const name of ['nonce', 'echo']) {
    if (name in json) packet[name] = BigInt(`0x${json[name] as string}`);
  }
  if ('attachments' in json) packet.attachments = attachmentsOf(json.attachments as AttachmentsJson);
  for (const name of ['entries', 'heard', 'gone']) {
    if (name in json && !json.kind.startsWith('receipt')) packet[name] = withIds(json[name] as readonly WithId[]);
  }
  if ('buckets' in json && json.buckets !== 'all') packet.buckets = bucketsOf(json.buckets as readonly number[]);
  if ('bytes' in json) packet.bytes = bytesOf(json.bytes as string);
  if ('event' in json) packet.event = packetOf(json.event as PacketJson);
  return packet as unknown as Packet;
}

interface WithId {
  readonly id: string;
}

function withIds(entries: readonly WithId[]): readonly WithId[] {
  return entries.map((entry) => ({ ...entry, id: nodeIdOf(entry.id) }));
}

function bucketsOf(numbers: readonly number[]): BucketSet {
  const buckets = new BucketSet();
  for (const bucket of numbers) buckets.add(bucket);
  return buckets;
}

type AttachmentsJson = Readonly<
  Record<string, { data?: string; metadata?: string; ask?: Ask; content?: FragmentedContent }>
>;

function attachmentsOf(json: AttachmentsJson): ReadonlyMap<number, KeyAttachment> {
  return new Map(
    Object.entries(json).map(([index, { data, metadata, ask, content }]) => [
      Number(index),
      {
        ...{ data: bytesOf(data), metadata: bytesOf(metadata) },
        ...(ask !== undefined && { ask }),
        ...(content !== undefined && { content }),
      },
    ]),
  );
}

function bytesOf(hex: string | undefined): Buffer | undefined {
  return hex === undefined ? undefined : Buffer.from(hex, 'hex');
}

function read(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`../vectors/${name}`, import.meta.url), 'utf8'));
}
