import type { NodeWarning } from '../core/node-event.js';
import type { UnreadableReason } from '../membership/unreadable-book.js';
import type { MeshLimits } from '../options/mesh-limits.js';
import type { ResolvedMeshOptions } from '../options/resolved-mesh-options.js';
import { assertNever } from '../primitives/assert-never.js';
import { type Endpoint, formatEndpoint } from '../primitives/endpoint.js';
import type { TransportSnapshot } from '../runtime/ports.js';
import type { MeshResyncReason } from './mesh-resync.js';

/** The one line at start: what a person wants to know of a node. */
export function readyMessage(options: ResolvedMeshOptions, transport: TransportSnapshot, peerCount: number): string {
  const { endpoints, multicast } = transport;
  const reach = multicast.length === 0 ? 'unicast only' : `multicast ${multicast.join(', ')}`;
  const peers = peerCount === 1 ? '1 peer' : `${peerCount} peers`;
  return `mesh "${options.cluster}" ${endpoints[0] ?? 'without an address'} · ${reach} · ${peers} · ${sealingOf(options)}`;
}

function sealingOf({ secret, secretMode }: ResolvedMeshOptions): string {
  if (secret === undefined) return 'unsealed';
  return secretMode === 'strict' ? 'sealed' : `secretMode ${secretMode}`;
}

const ISOLATION = {
  serve: 'Until then its entries may be stale',
  flush: 'A resync "isolated" has covered everything; what is cached until then may be stale',
} as const;

/** An error should fit a line. */
const SEEDS_NAMED = 5;

/** The seeds that the user named, and what is known of their addresses. */
function seedsOf(silent: readonly Endpoint[], options: ResolvedMeshOptions): string {
  const named = options.seeds.slice(0, SEEDS_NAMED).map(({ host, port }) => formatEndpoint(host, port));
  if (options.seeds.length > SEEDS_NAMED) named.push('…');
  return silent.length === 0 ? `${named.join(', ')}: no address found` : named.join(', ');
}

const UNREADABLE: Readonly<Record<UnreadableReason, (endpoint: Endpoint) => string>> = {
  'other-secret': (endpoint) =>
    `what ${endpoint} sends does not open with any secret of this node, so neither hears the other. Check that both have ` +
    'the same secret, and in a rotation that every node has the new key before one makes it primary',
  plain: (endpoint) =>
    `${endpoint} sends without a seal, which this node does not hear. Give it the secret, or for a roll-out set ` +
    "secretMode: 'send-both' here",
  sealed: (endpoint) =>
    `${endpoint} seals what it sends, and this node has no secret, so neither hears the other. Give it the secret of the mesh`,
};

/** A warning of the core, in words for an operator. */
export function warningMessage(warning: NodeWarning, options: ResolvedMeshOptions): string {
  const mesh = `mesh "${options.cluster}"`;
  switch (warning.code) {
    case 'isolated':
      return (
        `${mesh}: ${warning.lost === 1 ? 'the only peer' : `all ${warning.lost} peers`} fell silent, so this node may be ` +
        `cut off and does not hear what others write. ${ISOLATION[options.onIsolation]}, and a resync "heal" covers ` +
        'everything as soon as somebody is heard again'
      );
    case 'multicast-unheard':
      return (
        `${mesh}: peers are there, but nobody hears the group ${String(options.group)}: they are reached one by one, ` +
        'which costs a datagram each. Check that the network carries multicast, or set group: false'
      );
    case 'seeds-silent':
      return (
        `${mesh}: none of the seeds has answered (${seedsOf(warning.seeds, options)}). This node is alone and goes on ` +
        'asking. If they should be there, check the names, the port, and that UDP gets through'
      );
    case 'peers-limit':
      return `${mesh}: there are more peers than limits.peers (${warning.limit}) allows: further ones are not heard`;
    case 'unreadable':
      return `${mesh}: ${UNREADABLE[warning.reason](warning.endpoint)}. snapshot().unreadable lists all that are so`;
    default:
      return assertNever(warning);
  }
}

/** What asynchronous handlers were too slow for, in words for an operator. */
export function handlerOverloadMessage({ handlers, handlerEvents }: MeshLimits): string {
  return (
    `asynchronous handlers do not keep up with the events: ${handlers} runs are under way (limits.handlers) and ` +
    `${handlerEvents} events wait (limits.handlerEvents). Further ones are dropped, and resyncs "overload" cover them`
  );
}

/** The same of questions. */
export function requestOverloadMessage({ handlers, handlerEvents }: MeshLimits): string {
  return (
    `handlers do not keep up with the requests: ${handlers} runs are under way (limits.handlers) and ${handlerEvents} ` +
    'events and requests wait (limits.handlerEvents). Further requests are refused, and their askers told so'
  );
}

export const UNHEARD_MATCHING =
  'a publishMatching arrived, and nothing listens for those: entries that it covers may stay stale. ' +
  'Listen with bus.onMatching(({ matches }) => …)';

export function unheardResyncMessage(reason: MeshResyncReason): string {
  return (
    `keys may have been missed (a resync "${reason}"), and nothing listens for that: stale entries may remain. Drop what ` +
    'a resync covers: bus.onResync(({ matches }) => …), or in Nest a method with @OnMeshResync(). This is said once'
  );
}

export const UNSEALED_IN_PRODUCTION =
  'the mesh runs in production without a secret: whoever reaches its port can read and forge invalidations. Make one with ' +
  '"npx nestjs-mesh keygen", and give it to every node as the option secret';
