import type { Glob } from '../delivery/glob.js';
import { MeshError } from '../errors/mesh-error.js';
import { keysOf } from './cache-levels.js';
import type { Level } from './manager-shapes.js';

type KeyIterator = (namespace: string | undefined) => AsyncIterable<readonly [key: string, value: unknown]>;

/**
 * Deletes the keys that match from levels that processes share.
 *
 * @throws MeshError `MESH_ERR_UNSUPPORTED` one of them can not list its keys; then nothing was deleted
 */
export async function deleteMatching(levels: readonly Level[], pattern: Glob): Promise<void> {
  const readers = levels.map((level) => ({ level, read: readerOf(level) }));
  for (const { level, read } of readers) {
    const matching: string[] = [];
    for await (const key of read()) if (pattern.matches(key)) matching.push(key);
    await Promise.all(matching.map((key) => level.delete(key)));
  }
}

function readerOf(level: Level): () => AsyncIterable<string> | Iterable<string> {
  const { store } = level;
  const held = keysOf(level);
  if (held !== undefined) return () => held;
  if (typeof store === 'object' && store !== null && 'iterator' in store && typeof store.iterator === 'function') {
    const iterate = (store.iterator as KeyIterator).bind(store);
    return () => keysBy(iterate, level);
  }
  throw new MeshError(
    'MESH_ERR_UNSUPPORTED',
    'a shared store of the cache can not list its keys, so a glob can not be invalidated in it: name the keys, or use clear()',
  );
}

/** Keyv has put its own namespace before them. */
async function* keysBy(iterate: KeyIterator, { namespace, useKeyPrefix }: Level): AsyncGenerator<string> {
  const start = namespace === undefined || namespace === '' || useKeyPrefix === false ? '' : `${namespace}:`;
  for await (const [key] of iterate(namespace)) if (key.startsWith(start)) yield key.slice(start.length);
}
