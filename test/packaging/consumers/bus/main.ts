import { deepStrictEqual, ok, strictEqual } from 'node:assert';
import { LRUCache } from 'lru-cache';
import { meshBusDriver } from 'nestjs-mesh/bentocache';
import { bindCache, MeshBus, type MeshCacheBinding, type MeshEvent, type MeshOptions } from 'nestjs-mesh/bus';
import { freePort } from './free-port.js';

interface User {
  readonly name: string;
}

/** Caches as users have them, without casts. */
async function checkCaches(sender: MeshBus, receiver: MeshBus): Promise<void> {
  const users = new LRUCache<string, User>({ max: 10 });
  const counts = new Map<string, number>();
  const names = new Set<string>();
  const prefix: string | undefined = undefined;
  const binding: MeshCacheBinding = bindCache(sender, users, { prefix: 'user:' });
  bindCache(sender, counts, { prefix });
  bindCache(receiver, names, { prefix: 'user:' });
  for (const cache of [users, counts]) strictEqual(cache.size, 0);
  if (binding.fence('42').isCurrent()) users.set('42', { name: 'Ada' });
  names.add('42');
  counts.set('42', 1);
  await binding.invalidate('42', { await: 1, timeout: 5000 });
  deepStrictEqual([users.has('42'), counts.has('42'), names.has('42')], [false, true, false]);
  await binding.invalidate(['1', '2']);
  await binding.invalidateMatching('*');
  await binding.clear();
  binding.unbind();

  const { factory, options } = meshBusDriver({ bus: sender, channel: undefined });
  strictEqual(options.retryQueue.enabled, false);
  await factory().publish('bentocache.notifications:main', { type: 'delete', keys: ['user:42'] });
}

/** Two buses on loopback, without multicast: one event goes across, with its data. */
async function main(): Promise<void> {
  const [here, there] = [await freePort(), await freePort()];
  const options: MeshOptions = { interface: 'lo', group: false, cluster: 'pack' };
  const sender = new MeshBus({ ...options, port: here, peers: [`127.0.0.1:${String(there)}`] });
  const receiver = new MeshBus({ ...options, port: there, peers: [`127.0.0.1:${String(here)}`] });
  const received = new Promise<MeshEvent>((resolve) => {
    receiver.subscribe('invalidate:*', (event) => {
      resolve(event);
    });
  });

  await Promise.all([sender.start(), receiver.start()]);
  await Promise.all([sender.waitForPeers(1, { timeout: 5000 }), receiver.waitForPeers(1, { timeout: 5000 })]);
  await sender.publish('invalidate:user:42', { data: { by: 'pack' } });
  const { key, data } = await received;
  deepStrictEqual({ key, data }, { key: 'invalidate:user:42', data: { by: 'pack' } });
  ok(receiver.isHealthy());
  await checkCaches(sender, receiver);

  await Promise.all([sender.close(), receiver.close()]);
  console.log('one event went across');
}

void main();
