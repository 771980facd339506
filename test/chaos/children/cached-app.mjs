// One instance of a Nest application with a cache that is read and written at random.
import 'reflect-metadata';
import { setInterval } from 'node:timers';
import { setTimeout as pause } from 'node:timers/promises';
import { answerCalls, ask } from '../../support/answer-calls.mjs';
import { now, openBackend } from './cache-backend.mjs';
import { WAYS } from './cache-ways.mjs';

const READERS = 4;
const FLUSH_MS = 200;
/** Out of a hundred writes. */
const SHARES = [
  ['del', 35],
  ['invalidate', 25],
  ['put', 25],
  ['glob', 15],
];
const SWEEP_AT_ONCE = 50;

const { name, way, database, seed, keys, groupSize, readEveryMs, writeEveryMs, ...options } = JSON.parse(
  process.argv[2],
);
const backend = openBackend(database, name);
const random = randomOf(seed);
const written = { del: 0, invalidate: 0, put: 0, glob: 0 };
const failures = [];
/** What is under way. */
const running = new Set();
let reads = [];
let caching;
let isOn = false;

/** As test/support/seeded-random.ts, as a share of 1. */
function randomOf(start) {
  let state = start >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>>= 0) / 2 ** 32;
  };
}

/** The first ones are hot: what is invalidated is being loaded, and written by others. */
const anyPlace = () => Math.floor(keys.length * random() ** 2);

const HOWS = {
  /** `MeshCache.wrap` where there is one. */
  wrap: (key, load) => caching.wrap(key, load),
  managerWrap: (key, load) => caching.cache.wrap(key, load),
  async aside(key, load) {
    const held = await caching.cache.get(key);
    if (held !== undefined && held !== null) return held;
    const value = await load();
    await caching.cache.set(key, value);
    return value;
  },
};

/** Three of four keys are always read the same way. */
function howOf(place) {
  const names = Object.keys(HOWS);
  return names[place % 4] ?? names[Math.floor(random() * names.length)];
}

async function read(place) {
  const key = keys[place];
  let loaded = 0;
  const begin = now();
  const { version } = await HOWS[howOf(place)](key, async () => {
    loaded = 1;
    return { key, version: await backend.read(key) };
  });
  return [place, version, begin, loaded];
}

async function keepReading() {
  while (isOn) {
    reads.push(await read(anyPlace()));
    await pause(readEveryMs * (0.5 + random()));
  }
}

function anyKind() {
  let left = random() * 100;
  return SHARES.find(([, share]) => (left -= share) < 0)[0];
}

/** Commits, then says so, as whoever has a database and a cache does. */
async function write(kind) {
  const place = anyPlace();
  const first = place - (place % groupSize);
  const changed = kind === 'glob' ? keys.slice(first, first + groupSize) : [keys[place]];
  const glob = `${keys[first].slice(0, keys[first].lastIndexOf(':'))}:*`;
  let versions;
  const commit = async () => {
    versions = await backend.commit(changed);
    return changed.map((key, at) => ({ key, version: versions[at] }));
  };
  await caching.writes[kind](changed, commit, glob);
  backend.tell(changed, versions);
  written[kind]++;
}

/** At a pace of its own: whoever writes does not wait for what another has written. */
async function keepWriting() {
  while (isOn) {
    await pause(2 * writeEveryMs * random());
    track(write(anyKind()));
  }
}

function track(work) {
  running.add(work);
  work.catch((error) => failures.push(error.stack)).finally(() => running.delete(work));
}

function flush() {
  if (reads.length > 0) void ask({ reads: reads.splice(0) });
}

setInterval(flush, FLUSH_MS);

answerCalls({
  start: async () => void (caching = await WAYS[way]({ name, ...options })),
  meet: async (others, round) => void (await caching.meet(others, round)),

  begin() {
    isOn = true;
    for (let reader = 0; reader < READERS; reader++) track(keepReading());
    track(keepWriting());
  },

  /** Resolves when nothing is under way any more. */
  async end() {
    isOn = false;
    while (running.size > 0) await Promise.allSettled(running);
    flush();
  },

  /** Reads every key, each in its way. */
  async sweep() {
    const swept = [];
    for (let from = 0; from < keys.length; from += SWEEP_AT_ONCE) {
      const places = Array.from({ length: Math.min(SWEEP_AT_ONCE, keys.length - from) }, (_, at) => from + at);
      swept.push(...(await Promise.all(places.map(read))));
    }
    return swept;
  },

  state: () => ({ written, failures, ...caching.state() }),
});
