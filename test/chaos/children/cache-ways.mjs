// How the caches of several instances are kept alike, or not: what each way does when something is written.
import { setInterval } from 'node:timers';
import { CACHE_MANAGER, CacheModule } from '@nestjs/cache-manager';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import KeyvRedis from '@keyv/redis';
import { Redis } from 'ioredis';
import { Keyv } from 'keyv';
import { MeshBus, MeshModule } from 'nestjs-mesh';
import { MeshCache, MeshCacheModule } from 'nestjs-mesh/cache';

const CHANNEL = 'invalidate';
const PING_MS = 500;
/** As long as five heartbeats of the mesh. */
const DEAD_AFTER_MS = 2500;
const MARK_EVERY_MS = 100;

async function application(imports) {
  class App {}
  Module({ imports })(App);
  return NestFactory.createApplicationContext(App, { logger: ['error'] });
}

function stores({ shared }) {
  if (shared === undefined) return {};
  return { stores: [new Keyv(), new Keyv({ store: new KeyvRedis(`redis://${shared}:6379`), namespace: 'shared' })] };
}

/** `MeshCacheModule` before the cache of Nest. */
async function mesh({ mesh: options, ...rest }) {
  const app = await application([
    MeshModule.forRoot({ logger: false, ...options }),
    CacheModule.register(stores(rest)),
    MeshCacheModule.forRoot(),
  ]);
  const [cache, meshCache, bus] = [app.get(CACHE_MANAGER, { strict: false }), app.get(MeshCache), app.get(MeshBus)];
  return {
    cache,
    wrap: (key, load) => meshCache.wrap(key, load),
    writes: {
      del: behind(([key]) => cache.del(key)),
      invalidate: behind(([key]) => meshCache.invalidate(key)),
      put: ([key], commit) => meshCache.put(key, async () => (await commit())[0]),
      glob: behind((_keys, _values, glob) => meshCache.invalidateMatching(glob)),
    },
    meet: (others) => bus.waitForPeers(others, { timeout: 20_000 }),
    state: () => ({ ...busState(bus), stats: meshCache.stats() }),
  };
}

/** The same without `MeshCacheModule`: the node is in the mesh, and the cache does not know. */
async function deaf({ mesh: options }) {
  const app = await application([MeshModule.forRoot({ logger: false, ...options }), CacheModule.register()]);
  const [cache, bus] = [app.get(CACHE_MANAGER, { strict: false }), app.get(MeshBus)];
  return {
    ...{ cache, wrap: (key, load) => cache.wrap(key, load), writes: localWrites(cache) },
    meet: (others) => bus.waitForPeers(others, { timeout: 20_000 }),
    state: () => busState(bus),
  };
}

/** The cache of Nest, and nothing else. */
async function alone() {
  const cache = (await application([CacheModule.register()])).get(CACHE_MANAGER, { strict: false });
  return {
    ...{ cache, wrap: (key, load) => cache.wrap(key, load), writes: localWrites(cache) },
    meet: () => undefined,
    state: () => ({}),
  };
}

/**
 * What one writes with ioredis: whoever deletes publishes the key, and whoever hears it deletes.
 *
 * @param pings finds out that a connection is dead, and makes another
 * @param clears empties the cache when it has subscribed anew
 */
async function redis({ name, redis: { host, pings, clears } }) {
  const cache = (await application([CacheModule.register()])).get(CACHE_MANAGER, { strict: false });
  const connection = {
    ...{ host, connectTimeout: 1000, retryStrategy: (times) => Math.min(50 * times, 500) },
    ...(pings && { socketTimeout: DEAD_AFTER_MS }),
  };
  const publisher = new Redis(connection);
  const subscriber = new Redis({ ...connection, autoResubscribe: !clears });
  const counts = { reconnects: 0, failures: 0 };
  let connects = 0;
  for (const client of [publisher, subscriber]) client.on('error', () => counts.failures++);
  subscriber.on('ready', async () => {
    if (connects++ > 0) counts.reconnects++;
    if (!clears) return;
    try {
      // What is invalidated from now on is heard: only then does it make sense to empty the cache.
      await subscriber.subscribe(CHANNEL);
      await cache.clear();
    } catch {
      counts.failures++;
    }
  });
  if (!clears) await subscriber.subscribe(CHANNEL);
  if (pings) {
    setInterval(() => {
      for (const client of [publisher, subscriber]) if (client.status === 'ready') client.ping().catch(() => {});
    }, PING_MS);
  }
  const marks = markers((round) => publisher.publish(CHANNEL, JSON.stringify({ from: name, round })));
  subscriber.on('message', (_channel, text) => {
    const { from, keys, round } = JSON.parse(text);
    if (round !== undefined) marks.hear(from, round);
    else if (from !== name) void cache.mdel(keys);
  });
  const publish = (keys) => publisher.publish(CHANNEL, JSON.stringify({ from: name, keys }));
  const deleting = behind(async (keys) => {
    await cache.mdel(keys);
    await publish(keys);
  });
  const put = behind(async ([key], [value]) => {
    await cache.set(key, value);
    await publish([key]);
  });
  return {
    ...{ cache, wrap: (key, load) => cache.wrap(key, load) },
    writes: { del: deleting, invalidate: deleting, put, glob: deleting },
    meet: (others, round) => marks.meet(others, round),
    state: () => counts,
  };
}

/** What is said once the database has committed. */
function behind(say) {
  return async (keys, commit, glob) => say(keys, await commit(), glob);
}

function localWrites(cache) {
  const deleting = behind((keys) => cache.mdel(keys));
  const put = behind(([key], [value]) => cache.set(key, value));
  return { del: deleting, invalidate: deleting, put, glob: deleting };
}

function busState(bus) {
  const alive = bus.peers().filter(({ state }) => state === 'alive').length;
  return { status: bus.status, alive, metrics: bus.metrics() };
}

/** Says again and again in which round it is, and knows who has said the same: what they said before has come by then. */
function markers(say) {
  const heard = new Map();
  let round = 0;
  let tryResolve = () => {};
  setInterval(() => void (round > 0 && say(round).catch(() => {})), MARK_EVERY_MS);
  return {
    hear(from, of) {
      heard.set(from, of);
      tryResolve();
    },
    meet(others, newRound) {
      round = newRound;
      return new Promise((resolve) => {
        tryResolve = () => {
          // It hears itself, too.
          if ([...heard.values()].filter((of) => of === round).length > others) resolve();
        };
        tryResolve();
      });
    },
  };
}

export const WAYS = { mesh, deaf, alone, redis };
