import { MeshError } from '../errors/mesh-error.js';
import type { MeshMetadata } from './mesh-event.js';
import type { BusCounters } from './mesh-metrics.js';
import { decodeRawData, encodeRawData } from './raw-data.js';

export const NO_METADATA: MeshMetadata = Object.freeze({});

/** @throws MeshError `MESH_ERR_DATA` */
export function encodeData(data: unknown): Buffer | undefined {
  if (data === undefined) return undefined;
  const raw = encodeRawData(data);
  if (raw !== undefined) return raw;
  let text: unknown;
  try {
    text = JSON.stringify(data);
  } catch (cause) {
    throw new MeshError('MESH_ERR_DATA', 'data can not be written as JSON: the cause says why', { cause });
  }
  if (typeof text === 'string') return Buffer.from(text);
  throw new MeshError('MESH_ERR_DATA', `data can not be written as JSON: it is a ${typeof data}`);
}

/** @throws MeshError `MESH_ERR_DATA` */
export function encodeMetadata(metadata: unknown): Buffer | undefined {
  if (metadata === undefined) return undefined;
  if (typeof metadata !== 'object' || metadata === null || Array.isArray(metadata)) {
    throw new MeshError('MESH_ERR_DATA', 'metadata must be an object whose values are strings');
  }
  const entries: readonly (readonly [string, unknown])[] = Object.entries(metadata);
  if (entries.length === 0) return undefined;
  for (const [name, value] of entries) {
    if (typeof value === 'string') continue;
    throw new MeshError('MESH_ERR_DATA', `metadata must hold strings, and ${JSON.stringify(name)} is ${typeof value}`);
  }
  return Buffer.from(JSON.stringify(Object.fromEntries(entries)));
}

/** Reads what came as data. What can not be read is left out and counted: a cache has to drop the key all the same. */
export class EventData {
  readonly #counters: BusCounters;

  constructor(counters: BusCounters) {
    this.#counters = counters;
  }

  data(bytes: Buffer): unknown {
    return decodeRawData(bytes) ?? this.#decode(bytes);
  }

  metadata(bytes: Buffer): MeshMetadata {
    const metadata = this.#decode(bytes);
    if (metadata === undefined) return NO_METADATA;
    if (isMetadata(metadata)) return Object.freeze(metadata);
    this.#counters.undecodable++;
    return NO_METADATA;
  }

  #decode(bytes: Buffer): unknown {
    try {
      return JSON.parse(bytes.toString('utf8')) as unknown;
    } catch {
      this.#counters.undecodable++;
      return undefined;
    }
  }
}

function isMetadata(value: unknown): value is Record<string, string> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return Object.values(value).every((entry) => typeof entry === 'string');
}
