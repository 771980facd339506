import type { OutgoingEvent } from '../delivery/pending-event.js';
import { MeshError } from '../errors/mesh-error.js';
import type { MeshErrorCode } from '../errors/mesh-error-code.js';
import { eventFits } from '../wire/event-fits.js';
import { MAX_EVENT_DATAGRAM_BYTES } from '../wire/packet.js';
import type { MeshPublishOptions } from './mesh-publish-options.js';

/** More would leave no room in a datagram for anything else. */
const MAX_KEY_BYTES = 1024;
const LONE_SURROGATE = /\p{Surrogate}/u;

/** Checks what a user publishes and lays it out for the core. Nothing is taken before all of it is checked. */
export class OutgoingEvents {
  readonly #clusterTagged: boolean;

  constructor(cluster: string) {
    // Every datagram of a cluster with a name carries its tag.
    this.#clusterTagged = cluster !== 'default';
  }

  /** @throws MeshError `MESH_ERR_KEY`, `MESH_ERR_DATA`, `MESH_ERR_DATA_TOO_LARGE` */
  keys(keys: string | readonly string[], options: MeshPublishOptions): readonly OutgoingEvent[] {
    const data = encodeData(options.data);
    const metadata = encodeMetadata(options.metadata);
    const list: readonly string[] = Array.isArray(keys) ? keys : [keys];
    return list.map((key, index) => {
      const keyBytes = checkKey(key, list === keys ? `keys[${index}]` : 'the key');
      if ((data !== undefined || metadata !== undefined) && !this.#fits(keyBytes, data, metadata)) {
        throw tooLarge(keyBytes, data, metadata);
      }
      return { kind: 'key', key, data, metadata };
    });
  }

  /** @throws MeshError `MESH_ERR_PATTERN` */
  matching(pattern: string): readonly OutgoingEvent[] {
    checkPattern(pattern);
    return [{ kind: 'matching', key: pattern, data: undefined, metadata: undefined }];
  }

  #fits(keyBytes: number, data: Buffer | undefined, metadata: Buffer | undefined): boolean {
    return eventFits(keyBytes, data?.length, metadata?.length, this.#clusterTagged);
  }
}

/** The key of a lease. An id that is no key makes none, and is refused as one. */
export function leaseKey(id: string): string {
  return typeof id === 'string' && id !== '' ? `lease:${id}` : id;
}

/** @throws MeshError `MESH_ERR_KEY` */
export function checkKey(key: unknown, name = 'the key'): number {
  return checkText('MESH_ERR_KEY', name, key);
}

/** @throws MeshError `MESH_ERR_PATTERN` */
export function checkPattern(pattern: unknown): void {
  checkText('MESH_ERR_PATTERN', 'the pattern', pattern);
}

/** How many bytes the text takes. The message never shows it: keys name users, and messages end in logs. */
function checkText(code: MeshErrorCode, name: string, text: unknown): number {
  if (typeof text !== 'string') throw new MeshError(code, `${name} must be a string, and is ${typeof text}`);
  if (text === '') throw new MeshError(code, `${name} is empty`);
  if (LONE_SURROGATE.test(text)) {
    throw new MeshError(code, `${name} holds half of a surrogate pair: it is no well-formed text`);
  }
  const bytes = Buffer.byteLength(text);
  if (bytes <= MAX_KEY_BYTES) return bytes;
  throw new MeshError(code, `${name} takes ${bytes} bytes of UTF-8: at most ${MAX_KEY_BYTES} are allowed`);
}

function encodeData(data: unknown): Buffer | undefined {
  if (data === undefined) return undefined;
  let text: unknown;
  try {
    text = JSON.stringify(data);
  } catch (cause) {
    throw new MeshError('MESH_ERR_DATA', 'data can not be written as JSON: the cause says why', { cause });
  }
  if (typeof text === 'string') return Buffer.from(text);
  throw new MeshError('MESH_ERR_DATA', `data can not be written as JSON: it is a ${typeof data}`);
}

function encodeMetadata(metadata: unknown): Buffer | undefined {
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

function tooLarge(keyBytes: number, data: Buffer | undefined, metadata: Buffer | undefined): MeshError {
  return new MeshError(
    'MESH_ERR_DATA_TOO_LARGE',
    `key, data and metadata take ${keyBytes}, ${data?.length ?? 0} and ${metadata?.length ?? 0} bytes, which is more ` +
      `than a datagram of ${MAX_EVENT_DATAGRAM_BYTES} bytes holds: send an id, and let receivers load the rest`,
  );
}
