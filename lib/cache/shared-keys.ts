import type { Glob } from '../delivery/glob.js';
import { MeshError } from '../errors/mesh-error.js';
import { keysOf } from './cache-levels.js';
import type { Level } from './manager-shapes.js';

type KeyIterator = (namespace: string | undefined) => AsyncIterable<readonly [key: string, value: unknown]>;

/** A level together with what lists its keys. */
interface KeyReader {
  readonly level: Level;
  readonly read: () => AsyncIterable<string> | Iterable<string>;
}

/** @throws MeshError `MESH_ERR_UNSUPPORTED` one of the levels can not list its keys */
export function keyReaders(levels: readonly Level[]): KeyReader[] {
  return levels.map((level) => ({ level, read: readerOf(level) }));
}

/** Deletes the keys that match from levels that processes share. */
export async function deleteMatching(readers: readonly KeyReader[], pattern: Glob): Promise<void> {
  for (const { level, read } of readers) {
    const matching: string[] = [];
    for await (const key of read()) if (pattern.matches(key)) matching.push(key);
    await Promise.all(matching.map((key) => level.delete(key)));
  }
}

function readerOf(level: Level): KeyReader['read'] {
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
