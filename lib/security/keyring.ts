import { NODE_ID_BYTES, type NodeId, writeNodeId } from '../primitives/node-id.js';
import type { ResolvedSecret, Secret } from '../primitives/secret.js';
import { Hkdf } from './hkdf.js';

const NO_SALT = Buffer.alloc(0);
const KEY_ID_INFO = 'mesh/v2/key-id';
const SENDER_INFO = 'mesh/v2/';

/** One secret of a ring, from which the key of every sender follows. */
export class RingKey {
  /**
   * What names the secret on the wire: one byte that follows from the secret itself, so that nodes need no common
   * names for their secrets. Two secrets may share it.
   */
  readonly id: number;
  readonly #secret: Secret;
  readonly #hkdf: Hkdf;
  readonly #salt = Buffer.alloc(NODE_ID_BYTES);

  constructor(secret: Secret) {
    this.#secret = secret;
    this.#hkdf = new Hkdf(secret);
    this.id = this.#hkdf.derive(NO_SALT, KEY_ID_INFO)[0]!;
  }

  /**
   * The key under which `sender` seals, in this cluster and in no other. It is overwritten by the next call; `node:crypto`
   * copies it. Who keeps it makes a `KeyObject` of it, which shows nothing and costs 2 µs that a forgery is not worth.
   */
  derive(sender: NodeId, cluster: string): Buffer {
    writeNodeId(sender, this.#salt, 0);
    return this.#hkdf.derive(this.#salt, SENDER_INFO + cluster);
  }

  /** Whether both come from the same secret. */
  equals(other: RingKey): boolean {
    return this.#secret.equals(other.#secret);
  }
}

/** The secrets of a node: it seals with one of them and opens with all, so that they can be rotated without a gap. */
export class Keyring {
  readonly primary: RingKey;
  readonly #byId = new Map<number, RingKey[]>();

  constructor({ primary, keys }: ResolvedSecret) {
    let found: RingKey | undefined;
    for (const [name, secret] of keys) {
      const key = new RingKey(secret);
      if (name === primary) found = key;
      const others = this.#byId.get(key.id);
      if (others === undefined) this.#byId.set(key.id, [key]);
      else others.push(key);
    }
    if (found === undefined) throw new TypeError('the primary key is not in the ring');
    this.primary = found;
  }

  /** The keys that the wire calls `id`: hardly ever more than one. */
  withId(id: number): readonly RingKey[] {
    return this.#byId.get(id) ?? NONE;
  }

  /** The key of this ring that comes from the same secret. */
  sameAs(key: RingKey): RingKey | undefined {
    return this.withId(key.id).find((own) => own.equals(key));
  }
}

const NONE: readonly RingKey[] = [];
