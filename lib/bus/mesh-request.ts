import type { MeshMetadata } from './mesh-event.js';

/** A question to everyone, as who answers it sees it. Frozen. */
export interface MeshRequest {
  /** What is asked: always literal, never a pattern. */
  readonly key: string;
  /** What was asked with it; `undefined` where there is none. */
  readonly data: unknown;
  /** Id of the bus that asks, a UUID. */
  readonly origin: string;
  /** Failure domain of the bus that asks. */
  readonly zone: string | undefined;
  /** Empty when there is none. */
  readonly metadata: MeshMetadata;
  /**
   * Aborts when nobody waits for the answer any more, as who asked has cancelled it, has let its time pass or is gone; and
   * when this bus closes and the responder has not ended within a second.
   */
  readonly signal: AbortSignal;
}

/** Where an answer goes. What is said behind its end, or when nobody waits any more, goes nowhere. */
export interface MeshReply {
  /** One value, which must be what JSON can say; there may be several, and they arrive in order. */
  next(value: unknown): void;
  /** Ends the answer by a failure; the reason must be what JSON can say. */
  error(reason: unknown): void;
  /** Ends the answer. */
  complete(): void;
}

/** Answers a question, now or later. What it throws, or rejects with, is the failure that ends the answer. */
export type MeshResponder = (request: MeshRequest, reply: MeshReply) => unknown;

export interface MeshRequestOptions {
  /** Anything that JSON can say, up to 64 KiB of it together with metadata. */
  readonly data?: unknown;
  /** Strings by name. Default none. */
  readonly metadata?: MeshMetadata | undefined;
  /** How long to wait, in milliseconds. Default 5000. */
  readonly timeout?: number | undefined;
  /**
   * Of how many nodes the answers are wanted: `all` that are there, which is the default; so many; or `first`, which is 1.
   * It is over when so many have answered to the end.
   */
  readonly expect?: 'all' | 'first' | number | undefined;
  /** Asks the nodes of this zone only. */
  readonly zone?: string | undefined;
  /** Does not ask the responders of this bus. Default `false`. */
  readonly excludeSelf?: boolean | undefined;
}

/** What is told of the answers. After `error` or `complete` nothing more is. */
export interface MeshReplyObserver {
  /** @param from id of the bus that answers, a UUID */
  next(value: unknown, from: string): void;
  /**
   * `MeshError`: `MESH_ERR_NO_HANDLER` nobody answers such a question, `MESH_ERR_TIMEOUT` nobody has in time,
   * `MESH_ERR_CLOSED`; else the reason of one that failed, told when the others have answered.
   */
  error(reason: unknown): void;
  complete(): void;
}
