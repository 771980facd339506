import { createCipheriv, createSecretKey, type KeyObject } from 'node:crypto';
import type { NodeId } from '../primitives/node-id.js';
import { CIPHER, CounterNonce, MAX_COUNTER, TAG_BYTES } from './counter-nonce.js';
import type { Keyring } from './keyring.js';

const OPTIONS = { authTagLength: TAG_BYTES } as const;

/** Seals what one node sends: nobody without the secret can read it, change it, or make the like. */
export class Sealer {
  readonly #nodeId: NodeId;
  readonly #cluster: string;
  readonly #nonce = new CounterNonce();
  #keyId: number;
  #key: KeyObject;
  #counter: number;

  /** Counters up to `spent` count as used. */
  constructor(nodeId: NodeId, cluster: string, keyring: Keyring, spent = 0) {
    this.#nodeId = nodeId;
    this.#cluster = cluster;
    this.#counter = spent;
    this.#keyId = keyring.primary.id;
    this.#key = createSecretKey(keyring.primary.derive(nodeId, cluster));
  }

  /** What the header says of the key, for others to find it. */
  get keyId(): number {
    return this.#keyId;
  }

  /** Seals with another primary from now on. Counters go on, so that a key that comes back meets none of its own again. */
  setKeyring(keyring: Keyring): void {
    this.#keyId = keyring.primary.id;
    this.#key = createSecretKey(keyring.primary.derive(this.#nodeId, this.#cluster));
  }

  /**
   * The counter of the next datagram: 1, 2, … and never one twice, as two datagrams of one counter give the key away.
   *
   * @throws RangeError when all are spent, after 2^48 - 1 of them
   */
  nextCounter(): number {
    if (this.#counter >= MAX_COUNTER) throw new RangeError('all counters of this node are spent: make a new one');
    return ++this.#counter;
  }

  /**
   * Writes ciphertext and tag into `into` at `at` and returns the end; `header` is authenticated with them and left
   * where it is. `plaintext` may be a part of `into`, also the one that is written.
   *
   * @throws RangeError when there is not room enough; nothing is written then
   */
  // eslint-disable-next-line @typescript-eslint/max-params -- an object for each datagram would cost
  seal(counter: number, header: Buffer, plaintext: Buffer, into: Buffer, at: number): number {
    const textEnd = at + plaintext.length;
    if (textEnd + TAG_BYTES > into.length) throw new RangeError('no room for the sealed text and its tag');
    const cipher = createCipheriv(CIPHER, this.#key, this.#nonce.of(counter), OPTIONS).setAAD(header);
    const ciphertext = cipher.update(plaintext);
    cipher.final();
    ciphertext.copy(into, at);
    cipher.getAuthTag().copy(into, textEnd);
    return textEnd + TAG_BYTES;
  }
}
