import type { MeshNodeConfig } from '../../lib/core/node-config.js';
import type { NodeSealing, SealingMode } from '../../lib/core/sealing.js';
import { Secret } from '../../lib/primitives/secret.js';
import { Keyring } from '../../lib/security/keyring.js';
import { Opener } from '../../lib/security/opener.js';
import { Sealer } from '../../lib/security/sealer.js';
import { SeededRandom } from '../../lib/primitives/seeded-random.js';
import { randomNodeId } from '../../lib/simulation/simulated-config.js';

export const SECRET = 'the secret of this mesh, for tests';
export const OTHER_SECRET = 'another secret that is as long as it';

export interface SealedNodeConfig extends Partial<MeshNodeConfig> {
  readonly sealing: NodeSealing;
}

/** Keys by names of no meaning; the first one seals. */
export function ringOf(...secrets: readonly string[]): Keyring {
  const keys = new Map(secrets.map((secret, index) => [String(index), new Secret(secret)]));
  return new Keyring({ primary: '0', keys });
}

let nodes = 0;

/** What a node of that mode needs to be started with: its id is bound to the key under which it seals. */
export function sealed(mode: SealingMode = 'strict', secrets: readonly string[] = [SECRET]): SealedNodeConfig {
  const id = randomNodeId(new SeededRandom(0x5ea1 + nodes++));
  const keyring = ringOf(...secrets);
  const opener = new Opener('default', keyring, { senders: 8192 });
  return { id, sealing: { mode, sealer: new Sealer(id, 'default', keyring), opener } };
}

/** As `bus.setKeyring` does. */
export function rotate({ sealing }: SealedNodeConfig, ...secrets: readonly string[]): void {
  const keyring = ringOf(...secrets);
  sealing.opener.setKeyring(keyring);
  sealing.sealer.setKeyring(keyring);
}
