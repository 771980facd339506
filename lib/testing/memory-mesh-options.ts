import type { MeshBus } from '../bus/mesh-bus.js';
import type { MeshResyncReason } from '../bus/mesh-resync.js';

export interface MemoryMeshOptions {
  /** Of all chance in it: ids, nonces and jitter. A whole number; the same one gives the same run. Default 1. */
  readonly seed?: number | undefined;
}

export interface MeshSettledOptions {
  /**
   * How long handlers may take once nothing else happens in the mesh, in real milliseconds: a handler may wait for
   * something outside of it, such as a database. Default 2000.
   */
  readonly timeout?: number | undefined;
}

export interface MeshTestResync {
  /** Default `gap`. */
  readonly reason?: MeshResyncReason | undefined;
  /** It covers these keys, and the others of their buckets. Default: it covers every key. */
  readonly keys?: readonly string[] | undefined;
  /** The buses that get it. Default: all of the mesh. */
  readonly buses?: readonly MeshBus[] | undefined;
}

/** What `overrideProvider` of a builder of `@nestjs/testing` gives. */
export interface OverridableModule {
  overrideProvider(token: symbol): { useValue(value: unknown): unknown };
}
