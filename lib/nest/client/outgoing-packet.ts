import type { MeshMetadata } from '../../bus/mesh-event.js';
import { isMeshRecord } from './mesh.record.js';
import type { MeshRequestRecordOptions } from './mesh.request-builder.js';

/** An event or a request on its way out. Nest 12's dispatch hook may add metadata; it must not replace the rest. */
export interface OutgoingPacket {
  readonly pattern: unknown;
  readonly data: unknown;
  readonly metadata?: MeshMetadata;
}

/** What of it is published, or asked. */
export interface UnpackedPacket {
  readonly pattern: unknown;
  /** `null` stands for none, too. */
  readonly data: unknown;
  readonly metadata?: MeshMetadata | undefined;
  /** Those of its record. */
  readonly options?: MeshRequestRecordOptions | undefined;
}

/** The packet itself, or its record's data, and its metadata together with those of the record. */
export function unpacked(packet: OutgoingPacket): UnpackedPacket {
  const { pattern, data, metadata } = packet;
  if (!isMeshRecord(data)) return packet;
  const { data: content, options } = data;
  return { pattern, data: content, metadata: merged(metadata, options.metadata), options };
}

/**
 * The record's metadata win: a hook speaks of every packet, the record of this one, as a message's headers win over
 * those of the client on NATS. What is no object is left for the bus to refuse.
 */
function merged(general: MeshMetadata | undefined, own: MeshMetadata | undefined): MeshMetadata | undefined {
  if (own === undefined) return general;
  if (general === undefined) return own;
  if (!isObject(general)) return general;
  return isObject(own) ? { ...general, ...own } : own;
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
