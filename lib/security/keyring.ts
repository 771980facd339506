import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import { type NodeId, nodeIdBytes } from '../primitives/node-id.js';
import type { ResolvedSecret, Secret } from '../primitives/secret.js';

const HASH = 'sha256';
const FIRST_BLOCK = Uint8Array.of(1);
const NO_SALT = new Uint8Array(0);
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

  constructor(secret: Secret) {
    this.#secret = secret;
    this.id = hkdf(secret, NO_SALT, KEY_ID_INFO)[0]!;
  }

  /** The key under which `sender` seals, in this cluster and in no other. Deriving it costs more than opening with it. */
  derive(sender: NodeId, cluster: string): KeyObject {
    return createSecretKey(hkdf(this.#secret, nodeIdBytes(sender), SENDER_INFO + cluster));
  }

  /** Whether both come from the same secret. */
  equals(other: RingKey): boolean {
    return this.#secret.equals(other.#secret);
  }
}

/**
 * The first 32 bytes of HKDF-SHA256 (RFC 5869). Spelled out it takes 7 µs where `hkdfSync` takes 13, which counts in a
 * flood of forgeries: each that claims to be from somebody new costs one.
 */
function hkdf(secret: Secret, salt: Uint8Array, info: string): Buffer {
  const extracted = createHmac(HASH, salt).update(secret.reveal()).digest();
  return createHmac(HASH, extracted).update(info).update(FIRST_BLOCK).digest();
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
