import type { Look } from './look.js';

/** A look at an instance, beside what the store had. */
export interface Sighting {
  readonly look: Look;
  /** On the clock of `performance.now()`. */
  readonly at: number;
  /** What the store had right after the look. */
  readonly truth: number;
  /** Since when the copy of the instance has been found stale. */
  readonly staleSince: number | undefined;
}

/** The time between two looks. */
export const LOOK_EVERY_MS = 250;

/**
 * `truths` are what the store had right before and right after the look. A copy is stale when it is none of them. Word of
 * a write is on its way for some time, and that is no fault: so what the store had at the look before is fresh enough, and
 * what was read since then too, which many writes in a row may have overtaken.
 */
export function sight(
  before: Sighting | undefined,
  look: Look,
  truths: readonly [before: number, after: number],
  at: number,
): Sighting {
  const isFalse = !truths.includes(look.price) && look.price !== before?.truth;
  const isStale = isFalse && look.ageMs >= LOOK_EVERY_MS;
  const staleSince = isStale ? (before?.staleSince ?? at) : undefined;
  return { look, at, truth: truths[1], staleSince };
}

/** What has happened to the instance of that name between two looks, for people to read. */
export function happeningsBetween(name: string, before: Sighting, after: Sighting): readonly string[] {
  const lines: string[] = [];
  const isNew = before.look.nodeId !== after.look.nodeId;
  const was = isNew ? undefined : before.look;
  const { look } = after;
  if (isNew) lines.push(`${name} is up again, as a new node with an empty cache`);
  if (look.status !== (was?.status ?? 'ready')) lines.push(`${name} is ${look.status}`);
  if (look.peers !== was?.peers) lines.push(`${name} has ${counted(look.peers, 'peer')}`);
  const repaired = look.repaired - (was?.repaired ?? 0);
  if (repaired > 0) lines.push(`${name}: ${counted(repaired, 'lost datagram')} repaired`);
  lines.push(...newResyncs(was, look).map((text) => `${name}: ${text}`));
  return [...lines, ...staleness(name, before, after)];
}

function newResyncs(was: Look | undefined, { latestResyncs }: Look): readonly string[] {
  const last = BigInt(was?.latestResyncs.at(-1)?.at ?? 0);
  return latestResyncs
    .filter(({ at }) => BigInt(at) > last)
    .map(({ reason, all, evicted }) => {
      const what = all ? 'everything' : 'some keys';
      return `resync ${reason}, ${what}: ${evicted === 0 ? 'none' : evicted} evicted`;
    });
}

function staleness(name: string, before: Sighting, after: Sighting): readonly string[] {
  if (before.staleSince === undefined && after.staleSince !== undefined) {
    return [`${name} is STALE: it holds ${after.look.price}, the store has ${after.truth}`];
  }
  if (before.staleSince === undefined || after.staleSince !== undefined) return [];
  const seconds = ((after.at - before.staleSince) / 1000).toFixed(1);
  return [`${name} is fresh again after ${seconds} s: it holds ${after.look.price}`];
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
