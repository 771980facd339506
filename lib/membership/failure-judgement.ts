import type { Instant } from '../primitives/instant.js';

/** Silence, in heartbeats of the silent one, after which a member is suspected, counts as mute, and is given up. */
export const SUSPECT_HEARTBEATS = 3;
export const MUTE_HEARTBEATS = 4;
export const DEAD_HEARTBEATS = 5;

export type Judgement = 'alive' | 'suspect' | 'mute' | 'dead';

/** What to think of a member that has shown no life since `lastAliveAt`. It is measured by the interval it announced. */
export function judge(now: Instant, lastAliveAt: Instant, heartbeatMs: number): Judgement {
  if (now >= lastAliveAt + DEAD_HEARTBEATS * heartbeatMs) return 'dead';
  if (now >= lastAliveAt + MUTE_HEARTBEATS * heartbeatMs) return 'mute';
  if (now >= lastAliveAt + SUSPECT_HEARTBEATS * heartbeatMs) return 'suspect';
  return 'alive';
}

/** When {@link judge} will say something else, if the silence lasts. */
export function nextJudgementAt(now: Instant, lastAliveAt: Instant, heartbeatMs: number): Instant {
  const suspectAt = lastAliveAt + SUSPECT_HEARTBEATS * heartbeatMs;
  if (now < suspectAt) return suspectAt;
  const muteAt = lastAliveAt + MUTE_HEARTBEATS * heartbeatMs;
  return now < muteAt ? muteAt : lastAliveAt + DEAD_HEARTBEATS * heartbeatMs;
}
