import { MeshError } from '../errors/mesh-error.js';
import type { Level, Store } from './manager-shapes.js';

/** Which of the levels of a cache are in the memory of this process, by their place, from 0. */
export type LocalStores = readonly number[];

/** The levels of one cache: those in memory, which each process has for itself, and those that processes share. */
export interface CacheLevels {
  readonly local: readonly Level[];
  readonly shared: readonly Level[];
  /** What each level that could not be told is made of, by its place. They are taken for shared. */
  readonly unknown: readonly { readonly place: number; readonly name: string }[];
}

/**
 * Tells the levels apart; a `Cacheable` among the stores is two of them.
 *
 * @throws MeshError `MESH_ERR_CONFIG` a place is named where there is no level
 */
export function sortLevels(stores: readonly Store[], localStores: LocalStores | undefined): CacheLevels {
  const levels = stores.flatMap(levelsOf);
  const wrong = localStores?.find((place) => place >= levels.length);
  if (wrong !== undefined) {
    throw new MeshError('MESH_ERR_CONFIG', `localStores names the store ${wrong}, and the cache has ${levels.length}`);
  }
  const placed = levels.map((level, place) => ({
    level,
    place,
    kind: localStores === undefined ? kindOf(level) : localStores.includes(place) ? 'local' : 'shared',
  }));
  const ofKind = (kind: string): Level[] => placed.filter((entry) => entry.kind === kind).map((entry) => entry.level);
  const unknown = placed
    .filter(({ kind }) => kind === 'unknown')
    .map(({ level, place }) => ({ place, name: constructorName(level.store) }));
  return { local: ofKind('local'), shared: [...ofKind('shared'), ...ofKind('unknown')], unknown };
}

/**
 * The keys that a level in memory holds, as the cache names them; `undefined` where it can not tell. Not by the iterator
 * of Keyv, which takes the first part off keys that have no namespace.
 */
export function keysOf({ store, namespace, useKeyPrefix }: Level): string[] | undefined {
  const keys = rawKeys(store);
  if (keys === undefined) return undefined;
  if (namespace === undefined || namespace === '' || useKeyPrefix === false) return [...keys];
  const start = `${namespace}:`;
  const own: string[] = [];
  for (const key of keys) if (key.startsWith(start)) own.push(key.slice(start.length));
  return own;
}

/** A store, or the two of a `Cacheable`. */
export function levelsOf(store: Store): Level[] {
  if (!isCacheable(store)) return [store as Level];
  return store.secondary === undefined ? [store.primary] : [store.primary, store.secondary];
}

function isCacheable(store: object): store is { readonly primary: Level; readonly secondary: Level | undefined } {
  return 'primary' in store && 'secondary' in store;
}

/** A level is in memory if it can list its keys at once, and is shared if it says how it is reached. */
function kindOf({ store }: Level): 'local' | 'shared' | 'unknown' {
  if (rawKeys(store) !== undefined) return 'local';
  const { opts } = store as { readonly opts?: object };
  const isReached = (target: object): boolean =>
    ['url', 'uri', 'dialect', 'client', 'redis'].some((name) => name in target);
  if (typeof store === 'object' && store !== null && (isReached(store) || (opts && isReached(opts)))) return 'shared';
  return 'unknown';
}

function rawKeys(outer: unknown): Iterable<string> | undefined {
  if (typeof outer !== 'object' || outer === null) return undefined;
  const store = 'keys' in outer ? outer : wrappedStore(outer);
  if (store === undefined) return undefined;
  const keys: unknown = typeof store.keys === 'function' ? Reflect.apply(store.keys, store, []) : store.keys;
  return isIterable(keys) ? keys : undefined;
}

/** The memory of `cacheable`, in the adapter that makes a store for Keyv of it. */
function wrappedStore(store: object): { readonly keys: unknown } | undefined {
  if (!('getStore' in store) || typeof store.getStore !== 'function') return undefined;
  const namespace = 'namespace' in store ? store.namespace : undefined;
  const memory: unknown = Reflect.apply(store.getStore, store, [namespace]);
  return typeof memory === 'object' && memory !== null && 'keys' in memory ? memory : undefined;
}

function isIterable(value: unknown): value is Iterable<string> {
  return typeof value === 'object' && value !== null && Symbol.iterator in value;
}

function constructorName(store: unknown): string {
  return typeof store === 'object' && store !== null ? store.constructor.name : typeof store;
}
