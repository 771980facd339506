// What all contestants have in common: publishing at a pace, and noting how long ago what is heard was published.
// All hosts are on one machine, and read the same monotonic clock.
import { setTimeout as pause } from 'node:timers/promises';
import { answerCalls } from '../../../support/answer-calls.mjs';

const options = JSON.parse(process.argv[2]);
const seen = new Set();
let latencies = [];
let published = 0;
let again = 0;
let enough = { count: Infinity, resolve() {} };

const now = () => Number(process.hrtime.bigint()) / 1e6;

/** To be called with each key that is heard. */
export function hear(key) {
  const [, origin, at] = key.split(':');
  if (Number(origin) === options.index) return;
  if (seen.has(key)) return void again++;
  seen.add(key);
  latencies.push(now() - Number(at));
  if (latencies.length >= enough.count) enough.resolve();
}

/**
 * Publishes so many keys each `everyMs`, give or take half of that: at the time, whatever became of the one before, as
 * callers do.
 */
async function publishAtPace(publish, { everyMs, keys, forMs }) {
  const end = now() + forMs;
  let count = 0;
  for (let next = now() + Math.random() * everyMs; next < end; next += everyMs * (0.5 + Math.random())) {
    await pause(Math.max(0, next - now()));
    const at = now();
    const names = Array.from({ length: keys }, () => `at:${options.index}:${at}:${published++}`);
    // Not awaited: over a bad connection it may take minutes. What fails shows in what is not heard.
    publish(names).catch(() => {});
    count++;
  }
  return { events: count * keys, publishes: count };
}

/** Resolves with whether so many were heard within the time. */
function hearsAll(count, withinMs) {
  if (latencies.length >= count) return true;
  return new Promise((resolve) => {
    enough = { count, resolve: () => resolve(true) };
    setTimeout(resolve, withinMs, false);
  });
}

/** What was noted since the last call. */
function take() {
  const taken = { latencies, again };
  latencies = [];
  again = 0;
  enough = { count: Infinity, resolve() {} };
  return taken;
}

/** @param make makes a contestant of its options: `start`, `meet`, `publish(keys)` and `counters`. */
export function compete(make) {
  const { start, meet, publish, counters } = make(options);
  answerCalls({
    ...{ start, meet, counters, hearsAll, take },
    publishAtPace: (pace) => publishAtPace(publish, pace),
  });
}
