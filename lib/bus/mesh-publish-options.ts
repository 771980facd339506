import type { MeshMetadata } from './mesh-event.js';

export interface MeshPublishMatchingOptions {
  /**
   * Withdraws what still waits to be sent, and rejects with the signal's reason. What has been sent stays sent, and what
   * others have published too is not withdrawn.
   */
  readonly signal?: AbortSignal | undefined;
}

export interface MeshPublishOptions extends MeshPublishMatchingOptions {
  /**
   * Anything that JSON can say, `null` included. Data and metadata may take 64 KiB of JSON together. With a key of 40 bytes,
   * about 1075 bytes travel in one datagram; what is longer in a row of them. Default none: a bare key.
   */
  readonly data?: unknown;
  /** Strings by name. Default none. */
  readonly metadata?: MeshMetadata | undefined;
}

export interface MeshAwaitOptions extends MeshPublishOptions {
  /** How long to wait for others, in milliseconds. Default 1000. */
  readonly timeout?: number | undefined;
}

export interface MeshRevokeOptions extends MeshAwaitOptions {
  /** How many others to wait for: see `publishAndAwait`. */
  readonly await: number | 'quorum' | 'all';
}

export interface MeshWaitOptions {
  /** How long to wait, in milliseconds. Default 5000. */
  readonly timeout?: number | undefined;
  /** Gives up when it aborts. */
  readonly signal?: AbortSignal | undefined;
}
