import type { BucketSet } from '../primitives/bucket-set.js';
import type { Endpoint } from '../primitives/endpoint.js';
import type { NodeId } from '../primitives/node-id.js';
import type { PeerView } from '../membership/peer-view.js';
import type { UnreadableReason } from '../membership/unreadable-book.js';
import type { KeyAttachment } from '../wire/key-attachment.js';
import type { AskOutcome } from '../wire/receipt-packet.js';

/** What the core has to tell the application, in the order in which it happened. */
export type NodeEvent =
  | {
      readonly kind: 'keys';
      readonly origin: PeerView;
      readonly sequence: number;
      readonly keys: readonly string[];
      readonly attachments: ReadonlyMap<number, KeyAttachment> | undefined;
    }
  | {
      readonly kind: 'matching';
      readonly origin: PeerView;
      readonly sequence: number;
      readonly patterns: readonly string[];
    }
  /** Keys may have been missed: those of the buckets, published by `origin`, or by anyone where there is none. */
  | {
      readonly kind: 'resync';
      readonly reason: ResyncReason;
      readonly origin: NodeId | undefined;
      readonly buckets: BucketSet | 'all';
    }
  /** Questions to everyone. Each has its token in its attachment. */
  | {
      readonly kind: 'request';
      readonly origin: PeerView;
      readonly keys: readonly string[];
      readonly attachments: ReadonlyMap<number, KeyAttachment> | undefined;
    }
  /** One value of a member's answer to a question of this node. */
  | {
      readonly kind: 'reply';
      readonly from: NodeId;
      readonly token: number;
      readonly value: Buffer;
      readonly isError: boolean;
    }
  /** Nobody waits any more for this node's answer. */
  | { readonly kind: 'cancelled'; readonly origin: NodeId; readonly token: number }
  /** What a member says has become of an event whose handlers are awaited here. */
  | { readonly kind: 'receipt'; readonly from: NodeId; readonly token: number; readonly outcome: AskOutcome }
  /** A member waits for the end of an event that this node has missed, and for which a resync stands. */
  | { readonly kind: 'covered'; readonly origin: NodeId; readonly token: number }
  /** All that was published up to this ticket is with the kernel. */
  | { readonly kind: 'flushed'; readonly ticket: number }
  | { readonly kind: 'peer'; readonly peer: PeerView }
  | { readonly kind: 'status'; readonly status: NodeStatus }
  /** Something an operator should read once. */
  | { readonly kind: 'warning'; readonly warning: NodeWarning };

/**
 * Why keys may have been missed.
 *
 * - `join`: a peer was met after this node was ready, and its past can not be repeated
 * - `gap`: datagrams of a peer were lost, and nobody could repeat them in time
 * - `overrun`: this node fell further behind a peer than can be repeated
 * - `peer-lost`: a peer died, and nobody can tell or repeat all that it said
 * - `heal`: peers are back that were taken for dead
 * - `overload`: a peer had more to publish than it could send
 * - `isolated`: everyone has fallen silent
 */
export type ResyncReason = 'join' | 'gap' | 'overrun' | 'peer-lost' | 'heal' | 'overload' | 'isolated';

/** `joining` until the first peers are greeted; `isolated` when every peer that was known has gone silent. */
export type NodeStatus = 'joining' | 'ready' | 'isolated' | 'left';

export type NodeWarning =
  | { readonly code: 'isolated'; readonly lost: number }
  | { readonly code: 'multicast-unheard' }
  /** The node became ready without anyone, and these seeds have not answered; none when no name has an address. */
  | { readonly code: 'seeds-silent'; readonly seeds: readonly Endpoint[] }
  | { readonly code: 'peers-limit'; readonly limit: number }
  /** A node that seems to belong here can not be read, or reads nothing of this one. */
  | { readonly code: 'unreadable'; readonly endpoint: Endpoint; readonly reason: UnreadableReason };
