import { createDecipheriv, createSecretKey, type DecipherGCM, type KeyObject } from 'node:crypto';
import type { NodeId } from '../primitives/node-id.js';
import { CIPHER, CounterNonce, MAX_COUNTER, TAG_BYTES } from './counter-nonce.js';
import type { Keyring, RingKey } from './keyring.js';
import { RecentMap } from '../primitives/recent-map.js';

const OPTIONS = { authTagLength: TAG_BYTES } as const;

/** Why something was not opened: no secret here has this id, or it was not sealed with one that has. */
export type OpeningFailure = 'unknown-key' | 'forged';

export interface OpenerTerms {
  /** Whose keys are kept, at most. */
  readonly senders: number;
}

/** A key under which something of the sender has been opened. */
interface ProvenKey {
  readonly source: RingKey;
  readonly key: KeyObject;
}

/**
 * Opens what others sealed. The key of a sender is kept only once it has opened something, so whoever invents senders
 * fills nothing here; at most one key for each secret of the ring is kept of a sender.
 */
export class Opener {
  readonly #cluster: string;
  readonly #nonce = new CounterNonce();
  readonly #proven: RecentMap<NodeId, readonly ProvenKey[]>;
  #keyring: Keyring;

  constructor(cluster: string, keyring: Keyring, { senders }: OpenerTerms) {
    this.#cluster = cluster;
    this.#keyring = keyring;
    this.#proven = new RecentMap(senders);
  }

  /** Senders of which a key is kept. */
  get size(): number {
    return this.#proven.size;
  }

  /** Whether something of the sender has been opened with a secret that is still in the ring, and its key is kept. */
  knows(sender: NodeId): boolean {
    return this.#proven.has(sender);
  }

  /** Opens with the secrets of this ring from now on. Keys of secrets that are not in it are forgotten. */
  setKeyring(keyring: Keyring): void {
    this.#keyring = keyring;
    // In their order, so that who was used last is still last.
    for (const [sender, keys] of [...this.#proven.entries()]) {
      const remaining = keys.flatMap(({ source, key }) => {
        const same = keyring.sameAs(source);
        return same === undefined ? [] : [{ source: same, key }];
      });
      if (remaining.length === 0) this.#proven.delete(sender);
      else this.#proven.set(sender, remaining);
    }
  }

  /**
   * The plaintext in memory of its own, or why there is none. `sealed` is ciphertext and tag. It throws for nothing that
   * may come from the network, and does no cryptography where no secret has the id.
   */
  // eslint-disable-next-line @typescript-eslint/max-params -- an object for each datagram would cost
  open(sender: NodeId, keyId: number, counter: number, header: Buffer, sealed: Buffer): Buffer | OpeningFailure {
    const candidates = this.#keyring.withId(keyId);
    if (candidates.length === 0) return 'unknown-key';
    if (sealed.length < TAG_BYTES || !(counter >= 1 && counter <= MAX_COUNTER)) return 'forged';
    const proven = this.#proven.get(sender);
    for (const source of candidates) {
      const known = proven?.find((one) => one.source === source);
      const key = known?.key ?? source.derive(sender, this.#cluster);
      const plaintext = decrypt(key, this.#nonce.of(counter), header, sealed);
      if (plaintext === undefined) continue;
      if (known === undefined) this.#proven.set(sender, [...(proven ?? []), { source, key: kept(key) }]);
      else this.#proven.touch(sender);
      return plaintext;
    }
    return 'forged';
  }
}

/** What has not opened anything yet is bytes still: a forgery is not worth more. */
function kept(key: KeyObject | Buffer): KeyObject {
  return Buffer.isBuffer(key) ? createSecretKey(key) : key;
}

function decrypt(key: KeyObject | Buffer, nonce: Buffer, header: Buffer, sealed: Buffer): Buffer | undefined {
  const textEnd = sealed.length - TAG_BYTES;
  const decipher = createDecipheriv(CIPHER, key, nonce, OPTIONS).setAAD(header).setAuthTag(sealed.subarray(textEnd));
  const plaintext = decipher.update(sealed.subarray(0, textEnd));
  return isAuthentic(decipher) ? plaintext : undefined;
}

/** Half of what a forgery costs would be the trace of a stack that nobody reads. */
function isAuthentic(decipher: DecipherGCM): boolean {
  const { stackTraceLimit } = Error;
  try {
    Error.stackTraceLimit = 0;
    decipher.final();
    return true;
  } catch {
    return false;
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}
