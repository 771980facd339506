import type { Instant } from '../primitives/instant.js';
import type { NodeId } from '../primitives/node-id.js';
import { FRAGMENT_BYTES, fragmentCount } from '../wire/fragment-codec.js';
import type { FragmentPacket } from '../wire/fragment-packet.js';
import type { BatchPacket, Trailer } from '../wire/packet.js';
import type { RequestPacket } from '../wire/request-packet.js';

/** What an assembly costs beside its bytes: objects, map slots and the head of its buffer. */
const ASSEMBLY_BYTES = 512;

/** The datagram with the key of an event or a question, which ends the row of its fragments. */
export type KeyPacket = (BatchPacket & { readonly trailer: Trailer }) | RequestPacket;

/** What is known of it before the first of its datagrams is looked into. */
export interface AssemblyTerms {
  readonly origin: NodeId;
  /** Sequence of the datagram with the key; those of the fragments are the ones before it. */
  readonly end: number;
  readonly bucket: number | undefined;
  readonly totalBytes: number;
}

/** One event or question on its way: what has come of its data and metadata, and whether its key has. */
export class Assembly implements AssemblyTerms {
  readonly origin: NodeId;
  readonly end: number;
  readonly bucket: number | undefined;
  readonly totalBytes: number;
  key: KeyPacket | undefined;
  /** When anything of it came last. */
  touchedAt: Instant;
  /** A resync since its first datagram covers its bucket: if it never becomes whole, nobody needs to be told. */
  isCovered = false;
  readonly #content: Buffer;
  readonly #has: boolean[] = [];
  #missing: number;

  constructor(now: Instant, { origin, end, bucket, totalBytes }: AssemblyTerms) {
    this.origin = origin;
    this.end = end;
    this.bucket = bucket;
    this.totalBytes = totalBytes;
    this.touchedAt = now;
    this.#missing = fragmentCount(totalBytes);
    // At once and out of the pool: what it may take is counted when it begins, and small pieces pin no large ones.
    this.#content = Buffer.allocUnsafeSlow(totalBytes);
  }

  /** Sequence of the first fragment. */
  get first(): number {
    return this.end - fragmentCount(this.totalBytes);
  }

  /** What it takes, its own bookkeeping included. */
  get bytes(): number {
    return this.totalBytes + ASSEMBLY_BYTES;
  }

  get isWhole(): boolean {
    return this.#missing === 0 && this.key !== undefined;
  }

  /** Whether both are said of the same event. */
  agrees({ bucket, totalBytes }: AssemblyTerms): boolean {
    return this.bucket === bucket && this.totalBytes === totalBytes;
  }

  /** @param fragment one of this event, of the length that its place demands */
  add({ index, bytes }: FragmentPacket): void {
    bytes.copy(this.#content, index * FRAGMENT_BYTES);
    if (this.#has[index] === true) return;
    this.#has[index] = true;
    this.#missing--;
  }

  /** The datagram with the key as if all had been in it. Once, when it is whole: the bytes are handed over. */
  take(): KeyPacket {
    const key = this.key!;
    const attachment = key.attachments!.get(0)!;
    const { metadataBytes } = attachment.content!;
    const metadata = metadataBytes === 0 ? undefined : this.#content.subarray(0, metadataBytes);
    const data = metadataBytes === this.totalBytes ? undefined : this.#content.subarray(metadataBytes);
    return { ...key, attachments: new Map([[0, { data, metadata, ask: attachment.ask }]]) };
  }
}
