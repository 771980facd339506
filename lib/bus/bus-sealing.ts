import type { NodeSealing } from '../core/sealing.js';
import { MeshError } from '../errors/mesh-error.js';
import type { MeshKeyring } from '../options/mesh-keyring.js';
import type { ResolvedMeshOptions } from '../options/resolved-mesh-options.js';
import { resolveSecret } from '../options/secret-checks.js';
import type { NodeId } from '../primitives/node-id.js';
import { Keyring } from '../security/keyring.js';
import { Opener } from '../security/opener.js';
import { Sealer } from '../security/sealer.js';

/** How one bus seals: for as long as it lives, however often it starts, as no counter may be used twice. */
export function makeSealing(id: NodeId, options: ResolvedMeshOptions): NodeSealing | undefined {
  const { secret, secretMode: mode, cluster, limits } = options;
  if (secret === undefined) return undefined;
  const keyring = new Keyring(secret);
  const opener = new Opener(cluster, keyring, { senders: 2 * limits.peers });
  return { mode, sealer: new Sealer(id, cluster, keyring), opener };
}

/** @throws MeshError `MESH_ERR_CONFIG` */
export function changeKeyring(sealing: NodeSealing | undefined, secret: string | Uint8Array | MeshKeyring): void {
  if (sealing === undefined) {
    throw new MeshError('MESH_ERR_CONFIG', 'the bus was made without a secret, and so has no keyring to change');
  }
  const keyring = new Keyring(resolveSecret(secret));
  sealing.opener.setKeyring(keyring);
  sealing.sealer.setKeyring(keyring);
}
