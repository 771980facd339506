import type { ControlFrame } from './control-frame.js';

/**
 * What has become of an event whose publisher waits.
 *
 * - `ran`: all handlers have ended, and well
 * - `idle`: there is none for it
 * - `refused`: a handler has failed
 * - `covered`: it was missed, and a resync that covers it has been handled
 */
export type AskOutcome = 'ran' | 'idle' | 'refused' | 'covered';

/** `running`: it has not ended, and so many parts of its answer are there. */
export type AskState = AskOutcome | 'running';

export interface ReceiptEntry {
  /** What the publisher called its wait. */
  readonly token: number;
  readonly outcome: AskState;
  /** How many parts its answer has. */
  readonly parts: number;
}

/** To a publisher: what has become of events of its own here. */
export interface ReceiptPacket extends ControlFrame {
  readonly kind: 'receipt';
  readonly entries: readonly ReceiptEntry[];
}

export interface ReceiptRequestEntry {
  readonly token: number;
  /** Of the datagram that the event was in. */
  readonly sequence: number;
}

/** By a publisher that has waited for a while: the event may have been lost, or the receipt, or handlers take long. */
export interface ReceiptRequestPacket extends ControlFrame {
  readonly kind: 'receipt-request';
  readonly entries: readonly ReceiptRequestEntry[];
}
