import type { OutgoingEvent } from '../delivery/pending-event.js';
import type { Ask } from '../primitives/ask.js';
import { MeshError } from '../errors/mesh-error.js';
import type { MeshErrorCode } from '../errors/mesh-error-code.js';
import { clusterTagOf } from '../wire/cluster-tag.js';
import { eventFits } from '../wire/event-fits.js';
import { fragmentCount } from '../wire/fragment-codec.js';
import { askTlvBytes, clusterTlvBytes, CONTENT_TLV_BYTES, MAX_CONTENT_BYTES } from '../wire/trailer-layout.js';
import { checkZone } from './checks.js';
import { encodeData, encodeMetadata } from './event-data.js';
import type { MeshPublishOptions } from './mesh-publish-options.js';

/** More would leave no room in a datagram for anything else. */
const MAX_KEY_BYTES = 1024;
const MAX_BYTES_PER_UNIT = 3;

/** Checks what a user publishes and lays it out for the core. Nothing is taken before all of it is checked. */
export class OutgoingEvents {
  /** Every datagram of a cluster with a name carries its tag. */
  readonly #clusterBytes: number;

  constructor(cluster: string) {
    this.#clusterBytes = clusterTlvBytes(clusterTagOf(cluster));
  }

  /** @throws MeshError `MESH_ERR_KEY`, `MESH_ERR_DATA`, `MESH_ERR_DATA_TOO_LARGE` */
  keys(keys: string | readonly string[], options: MeshPublishOptions): readonly OutgoingEvent[] {
    const data = encodeData(options.data);
    const metadata = encodeMetadata(options.metadata);
    if (typeof keys === 'string') return [this.#event(keys, data, metadata)];
    if (!Array.isArray(keys)) return [this.#event(keys, data, metadata)];
    const events: OutgoingEvent[] = [];
    for (const key of keys as readonly unknown[]) events.push(this.#event(key, data, metadata, events.length));
    return events;
  }

  /**
   * A key whose handlers are awaited.
   *
   * @param token what its publisher calls the wait
   * @throws MeshError as `keys`
   */
  awaited(key: string, options: MeshPublishOptions, token: number): readonly OutgoingEvent[] {
    return this.#asking('key', key, options, { token });
  }

  /**
   * A question to everyone.
   *
   * @param ask whose token answers name
   * @throws MeshError as `keys`; `MESH_ERR_ARGUMENT` the zone is none
   */
  request(key: string, options: MeshPublishOptions, ask: Ask): readonly OutgoingEvent[] {
    checkZone(ask.zone);
    return this.#asking('request', key, options, ask);
  }

  #asking(kind: 'key' | 'request', key: string, options: MeshPublishOptions, ask: Ask): readonly OutgoingEvent[] {
    const [data, metadata] = [encodeData(options.data), encodeMetadata(options.metadata)];
    checkKey(key);
    return [{ kind, key, data, metadata, ask, fragments: this.#fragments({ key, data, metadata, ask }) }];
  }

  /** @throws MeshError `MESH_ERR_PATTERN` */
  matching(pattern: string): readonly OutgoingEvent[] {
    checkPattern(pattern);
    return [{ kind: 'matching', key: pattern, data: undefined, metadata: undefined, ask: undefined }];
  }

  /** @param index of the key, where there are several */
  #event(key: unknown, data: Buffer | undefined, metadata: Buffer | undefined, index?: number): OutgoingEvent {
    checkKey(key, index);
    if (data === undefined && metadata === undefined) return { kind: 'key', key, data, metadata, ask: undefined };
    const fragments = this.#fragments({ key, data, metadata, ask: undefined });
    return { kind: 'key', key, data, metadata, ask: undefined, fragments };
  }

  /** How many fragments data and metadata take; 0 where they fit beside the key. */
  #fragments({ key, data, metadata, ask }: Omit<OutgoingEvent, 'kind'>): number {
    const keyBytes = Buffer.byteLength(key);
    const extraBytes = this.#clusterBytes + askTlvBytes(ask);
    if (eventFits(keyBytes, data?.length, metadata?.length, extraBytes)) return 0;
    const contentBytes = (data?.length ?? 0) + (metadata?.length ?? 0);
    const isLongest = contentBytes > MAX_CONTENT_BYTES;
    // The zone of a question may have any length.
    if (isLongest || !eventFits(keyBytes, undefined, undefined, extraBytes + CONTENT_TLV_BYTES)) {
      throw tooLarge(keyBytes + extraBytes, data, metadata);
    }
    return fragmentCount(contentBytes);
  }
}

/** The key of a lease. An id that is no key makes none, and is refused as one. */
export function leaseKey(id: string): string {
  return typeof id === 'string' && id !== '' ? `lease:${id}` : id;
}

/**
 * @param index of the key, where there are several
 * @throws MeshError `MESH_ERR_KEY`
 */
export function checkKey(key: unknown, index?: number): asserts key is string {
  if (!isWellSized(key)) throw textError('MESH_ERR_KEY', index === undefined ? 'the key' : `keys[${index}]`, key);
}

/** @throws MeshError `MESH_ERR_PATTERN` */
export function checkPattern(pattern: unknown): void {
  if (!isWellSized(pattern)) throw textError('MESH_ERR_PATTERN', 'the pattern', pattern);
}

/** Most texts are too short to be too long in any writing, and need not be measured. */
function isWellSized(text: unknown): text is string {
  if (typeof text !== 'string' || text === '' || !text.isWellFormed()) return false;
  return text.length * MAX_BYTES_PER_UNIT <= MAX_KEY_BYTES || Buffer.byteLength(text) <= MAX_KEY_BYTES;
}

/** What is wrong with the text. The message never shows it: keys name users, and messages end in logs. */
function textError(code: MeshErrorCode, name: string, text: unknown): MeshError {
  if (typeof text !== 'string') return new MeshError(code, `${name} must be a string, and is ${typeof text}`);
  if (text === '') return new MeshError(code, `${name} is empty`);
  if (!text.isWellFormed()) {
    return new MeshError(code, `${name} holds half of a surrogate pair: it is no well-formed text`);
  }
  const bytes = Buffer.byteLength(text);
  return new MeshError(code, `${name} takes ${bytes} bytes of UTF-8: at most ${MAX_KEY_BYTES} are allowed`);
}

function tooLarge(headBytes: number, data: Buffer | undefined, metadata: Buffer | undefined): MeshError {
  const [dataBytes, metadataBytes] = [data?.length ?? 0, metadata?.length ?? 0];
  if (dataBytes + metadataBytes <= MAX_CONTENT_BYTES) {
    const message = `the key, with its zone, takes ${headBytes} bytes, which is more than a datagram holds`;
    return new MeshError('MESH_ERR_DATA_TOO_LARGE', message);
  }
  return new MeshError(
    'MESH_ERR_DATA_TOO_LARGE',
    `data and metadata take ${dataBytes} and ${metadataBytes} bytes, which is more than the ${MAX_CONTENT_BYTES} that ` +
      'an event may have: send an id, and let receivers load the rest',
  );
}
