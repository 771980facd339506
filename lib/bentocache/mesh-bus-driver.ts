import { isMeshBus } from '../bus/is-mesh-bus.js';
import type { MeshBus } from '../bus/mesh-bus.js';
import { MeshError } from '../errors/mesh-error.js';
import { type BentoTransport, MeshTransport } from './bento-transport.js';

export interface MeshBusDriverOptions {
  /** Is neither started nor closed by BentoCache. */
  readonly bus: MeshBus;
  /**
   * The key under which the store publishes, 1 to 1024 bytes. Default: what BentoCache calls it,
   * `bentocache.notifications:` and the name of the store.
   */
  readonly channel?: string | undefined;
  /** That of the BentoCache, or of the store where it has its own. Default `'bentocache'`, as there. */
  readonly prefix?: string | undefined;
}

/** What `useBus` of BentoCache takes. */
export interface MeshBusDriver {
  readonly options: { readonly retryQueue: { readonly enabled: false; readonly retryInterval: false } };
  readonly factory: () => BentoTransport;
}

/**
 * Lets the L1 of a BentoCache store agree with those of the same store in all other processes. Whatever may have been
 * missed empties it, and so does the bus when it becomes ready, and when it closes.
 *
 * @throws MeshError `MESH_ERR_ARGUMENT` the bus is none, or the prefix is empty
 * @example
 * bentostore().useL1Layer(memoryDriver()).useBus(meshBusDriver({ bus }));
 */
export function meshBusDriver({ bus, channel, prefix = 'bentocache' }: MeshBusDriverOptions): MeshBusDriver {
  if (!isMeshBus(bus))
    throw new MeshError('MESH_ERR_ARGUMENT', 'meshBusDriver needs a MeshBus: meshBusDriver({ bus })');
  const namespace = prefix.replace(/:+$/, '');
  if (namespace === '') {
    throw new MeshError(
      'MESH_ERR_ARGUMENT',
      'the prefix is empty, and BentoCache can not empty an L1 without a prefix',
    );
  }
  return {
    // The bus repeats what is lost, and what it refuses is made good by something shorter.
    options: { retryQueue: { enabled: false, retryInterval: false } },
    factory: () => new MeshTransport(bus, { channel, namespace }),
  };
}
