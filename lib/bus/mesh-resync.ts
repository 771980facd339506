import type { NodeEvent, ResyncReason } from '../core/node-event.js';
import { formatNodeId } from './node-uuid.js';

/**
 * Why keys may have been missed.
 *
 * - `join`: a peer was met after this bus was ready, and what it had said before can not be repeated; or a Nest server
 *   bound its handlers to a bus that was ready already
 * - `gap`: datagrams of a peer were lost, and nobody could repeat them in time
 * - `overrun`: this bus fell further behind a peer than can be repeated
 * - `peer-lost`: a peer died, and nobody can tell or repeat all that it said
 * - `heal`: somebody is heard again who had fallen silent
 * - `overload`: a peer had more to publish than it could send; or asynchronous handlers here did not keep up
 * - `isolated`: everyone has fallen silent, with `onIsolation: 'flush'`
 */
export type MeshResyncReason = ResyncReason;

/** Keys may have been missed: whoever holds copies lets go of those that it covers. Frozen. */
export interface MeshResync {
  readonly reason: MeshResyncReason;
  /** Id of the bus whose events may be missing; `undefined` when they may be anyone's. */
  readonly origin: string | undefined;
  /** It covers every key. */
  readonly all: boolean;
  /**
   * Whether it covers the key, named as it is published. Without `all` it covers some of 4096 buckets: what was missed,
   * and other keys of the same buckets.
   */
  matches(key: string): boolean;
}

/** What has to be made up for, as the core says it. */
export type ResyncCause = Omit<NodeEvent & { readonly kind: 'resync' }, 'kind'>;

export function meshResync({ reason, origin, buckets }: ResyncCause): MeshResync {
  return Object.freeze({
    reason,
    origin: origin === undefined ? undefined : formatNodeId(origin),
    all: buckets === 'all',
    // It works on its own too, as that of a matching event does.
    matches: buckets === 'all' ? () => true : (key: string) => buckets.matches(key),
  });
}

/** Everything may have been missed, from anyone. */
export function everything(reason: MeshResyncReason): ResyncCause {
  return { reason, origin: undefined, buckets: 'all' };
}
