import type { DecodeFailure } from './packet.js';

/** A datagram that was not read, and why. */
export interface Refusal {
  readonly kind: 'refused';
  readonly reason: DecodeFailure;
}

/** Shared objects, so that refusing a flood of garbage leaves no garbage of its own. */
export const REFUSAL = {
  /** It ends before what it declares, or before what its type demands. */
  TOO_SHORT: { kind: 'refused', reason: 'too-short' },
  WRONG_MAGIC: { kind: 'refused', reason: 'wrong-magic' },
  /** It is complete and contradicts itself or the protocol. */
  MALFORMED: { kind: 'refused', reason: 'malformed' },
  UNSUPPORTED_VERSION: { kind: 'refused', reason: 'unsupported-version' },
} as const satisfies Readonly<Record<string, Refusal>>;
