// One instance of a service: a node of the mesh, and a cache that is filled from the store which the parent keeps.
import { setTimeout as pause } from 'node:timers/promises';
import { answerCalls, ask } from '../../support/answer-calls.mjs';
import { makeBus } from './make-bus.mjs';

/** How often what is missing is read again: much sooner than a lost event can be repaired. */
const FILL_MS = 4;

const { keys, evicts, ...options } = JSON.parse(process.argv[2]);
const warnings = [];
const log = (message) => warnings.push(message);
const bus = makeBus({ ...options, logger: { error: log, warn: log, log() {} } });

const cache = new Map();
/** By origin and published name: how often it was heard. */
const heard = {};
const seen = new Set();
let doubled = 0;
let mangled = 0;

function note({ origin, sequence }, name) {
  const event = `${origin} ${sequence} ${name}`;
  if (seen.has(event)) doubled++;
  seen.add(event);
  const names = (heard[origin] ??= {});
  names[name] = (names[name] ?? 0) + 1;
}

function evict(matches) {
  if (!evicts) return;
  for (const key of cache.keys()) if (matches(key)) cache.delete(key);
}

bus.subscribe('*', (event) => {
  note(event, event.key);
  if (event.data !== undefined && event.data.name !== event.key) mangled++;
  evict((key) => key === event.key);
});
bus.onMatching((event) => {
  note(event, event.pattern);
  evict((key) => event.matches(key));
});
bus.onResync((resync) => {
  const { reason, all } = resync;
  void ask({ reason, all, covered: keys.filter((key) => resync.matches(key)) });
  evict((key) => resync.matches(key));
});

async function fill() {
  for (;;) {
    const missing = keys.filter((key) => !cache.has(key));
    const fences = missing.map((key) => bus.fence(key));
    const versions = missing.length === 0 ? [] : await ask({ read: missing });
    missing.forEach((key, index) => fences[index].isCurrent() && cache.set(key, versions[index]));
    await pause(FILL_MS);
  }
}

/** The key was written in the store. Who writes evicts his own copy, and then tells the others. */
function publish(key, withData) {
  evict((held) => held === key);
  return bus.publish(key, withData ? { data: { name: key } } : {});
}

function publishMatching(pattern) {
  evict((held) => held.startsWith(pattern.slice(0, -1)));
  return bus.publishMatching(pattern);
}

answerCalls({
  start: () => bus.start().then(() => bus.id),
  waitForPeers: (count) => bus.waitForPeers(count, { timeout: 15_000 }).then((peers) => peers.length),
  fill: () => void fill(),
  publish,
  publishMatching,
  report: () => ({
    ...{ cache: Object.fromEntries(cache), heard, doubled, mangled, warnings, metrics: bus.metrics() },
  }),
});
