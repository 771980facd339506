/** Why keys may have been missed. This version raises `isolated` only. */
export type MeshResyncReason = 'join' | 'gap' | 'overrun' | 'peer-lost' | 'heal' | 'overload' | 'isolated';

/** Keys may have been missed: whoever holds copies lets go of those that it covers. */
export interface MeshResync {
  readonly reason: MeshResyncReason;
  /** Id of the bus whose events may be missing; `undefined` when they may be anyone's. */
  readonly origin: string | undefined;
  /** It covers every key. */
  readonly all: boolean;
  /** Whether it covers the key, named as it is published. */
  matches(key: string): boolean;
}
