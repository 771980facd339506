import type { NodeWarning } from '../core/node-event.js';
import type { ResolvedMeshOptions } from '../options/resolved-mesh-options.js';
import { assertNever } from '../primitives/assert-never.js';
import type { TransportSnapshot } from '../runtime/ports.js';

/** The one line at start: what a person wants to know of a node. */
export function readyMessage(options: ResolvedMeshOptions, transport: TransportSnapshot, peerCount: number): string {
  const { endpoints, multicast } = transport;
  const reach = multicast.length === 0 ? 'unicast only' : `multicast ${multicast.join(', ')}`;
  const peers = peerCount === 1 ? '1 peer' : `${peerCount} peers`;
  return `mesh "${options.cluster}" ${endpoints[0] ?? 'without an address'} · ${reach} · ${peers} · unsealed`;
}

/** A warning of the core, in words for an operator. */
export function warningMessage(warning: NodeWarning, options: ResolvedMeshOptions): string {
  const mesh = `mesh "${options.cluster}"`;
  switch (warning.code) {
    case 'isolated':
      return (
        `${mesh}: ${warning.lost === 1 ? 'the only peer' : `all ${warning.lost} peers`} fell silent, so this node may be ` +
        'cut off. It goes on, and does not hear what others write: its entries may be stale until it says "ready" again'
      );
    case 'multicast-unheard':
      return (
        `${mesh}: peers are there, but nobody hears the group ${String(options.group)}: they are reached one by one, ` +
        'which costs a datagram each. Check that the network carries multicast, or set group: false'
      );
    case 'peers-limit':
      return `${mesh}: there are more peers than limits.peers (${warning.limit}) allows: further ones are not heard`;
    default:
      return assertNever(warning);
  }
}

export const UNHEARD_MATCHING =
  'a publishMatching arrived, and nothing listens for those: entries that it covers may stay stale. ' +
  'Listen with bus.onMatching(({ matches }) => …)';

export const UNHEARD_RESYNC =
  'keys may have been missed, and nothing listens for that: stale entries may remain. Listen with bus.onResync(…)';
