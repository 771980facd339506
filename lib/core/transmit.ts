import type { Endpoint } from '../primitives/endpoint.js';

/**
 * One datagram that the core wants sent. Its bytes are in the buffer that was given to `pollTransmit`, which belongs to
 * the caller again once it has reported the outcome by `handleSent`.
 */
export interface Transmit {
  /** What `handleSent` is to be called with, once, when all destinations are through. */
  readonly id: number;
  /** How many bytes of the buffer to send. */
  readonly length: number;
  /** Whether it goes to the group, once for each interface. */
  readonly toGroup: boolean;
  /** Each other destination. All get the same bytes. */
  readonly to: readonly Endpoint[];
}
