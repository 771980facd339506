import type { Endpoint } from '../primitives/endpoint.js';
import type { PeerView } from '../membership/peer-view.js';
import type { KeyAttachment } from '../wire/packet.js';

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
  /** All that was published up to this ticket is with the kernel. */
  | { readonly kind: 'flushed'; readonly ticket: number }
  | { readonly kind: 'peer'; readonly peer: PeerView }
  | { readonly kind: 'status'; readonly status: NodeStatus }
  /** Something an operator should read once. */
  | { readonly kind: 'warning'; readonly warning: NodeWarning };

/** `joining` until the first peers are greeted; `isolated` when every peer that was known has gone silent. */
export type NodeStatus = 'joining' | 'ready' | 'isolated' | 'left';

export type NodeWarning =
  | { readonly code: 'isolated'; readonly lost: number }
  | { readonly code: 'multicast-unheard' }
  /** The node became ready without anyone, and these seeds have not answered; none when no name has an address. */
  | { readonly code: 'seeds-silent'; readonly seeds: readonly Endpoint[] }
  | { readonly code: 'peers-limit'; readonly limit: number };
