import { hkdfSync } from 'node:crypto';
import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';

import { Secret } from '../../../lib/primitives/secret.js';
import { Keyring, RingKey } from '../../../lib/security/keyring.js';
import { keyringOf, NAMESAKES, NODE, nodeIdOf, SECRET, secretsOf } from '../../support/secrets.js';

/** The same by the platform's own HKDF. */
function hkdf(secret: string, salt: Buffer, info: string, length: number): string {
  return Buffer.from(hkdfSync('sha256', secret, salt, info, length)).toString('hex');
}

const keyOf = (text: string): RingKey => new RingKey(new Secret(text));
const derived = (text: string, sender = NODE, cluster = 'shop'): string =>
  keyOf(text).derive(sender, cluster).toString('hex');

describe('RingKey', () => {
  it('has an id that follows from the secret alone', () => {
    expect(keyOf(SECRET).id).toBe(0x59);
    expect(keyOf(SECRET).id.toString(16)).toBe(hkdf(SECRET, Buffer.alloc(0), 'mesh/v2/key-id', 1));
    expect(new Set(Array.from({ length: 64 }, (_, index) => keyOf(`${SECRET} ${index}`).id)).size).toBeGreaterThan(32);
  });

  it('derives the key of a sender as other implementations do', () => {
    expect(derived(SECRET)).toBe('357291dc6f4de643c127819a65149a6d7267a6adf93f610ef5e18f9ea1244273');
    expect(derived(SECRET)).toBe(hkdf(SECRET, Buffer.from(NODE, 'latin1'), 'mesh/v2/shop', 32));
    const long = 'x'.repeat(1024);
    const high = nodeIdOf(0xffff_ffff);
    expect(derived(long, high, 'größe')).toBe(hkdf(long, Buffer.from(high, 'latin1'), 'mesh/v2/größe', 32));
  });

  it('derives another key for each secret, sender and cluster', () => {
    const keys = [
      derived(SECRET),
      derived(`${SECRET}.`),
      derived(SECRET, nodeIdOf(1)),
      derived(SECRET, NODE, 'shop2'),
      derived(SECRET, NODE, ''),
    ];
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('equals one of the same secret, and not one that only has its id', () => {
    expect(keyOf(SECRET).equals(keyOf(SECRET))).toBe(true);
    expect(keyOf(NAMESAKES[0]).id).toBe(keyOf(SECRET).id);
    expect(keyOf(NAMESAKES[0]).equals(keyOf(SECRET))).toBe(false);
  });
});

describe('Keyring', () => {
  it('takes the primary by its name', () => {
    const secrets = secretsOf(['first secret of a ring', SECRET], 1);
    expect(new Keyring(secrets).primary.equals(keyOf(SECRET))).toBe(true);
  });

  it('has no primary where none has the name', () => {
    expect(() => new Keyring(secretsOf([SECRET], 7))).toThrow('the primary key is not in the ring');
  });

  it('finds keys by their id, also where several share it', () => {
    const ring = keyringOf('unrelated secret', SECRET, ...NAMESAKES);
    expect(ring.withId(0x59)).toHaveLength(3);
    expect(ring.withId(ring.primary.id)).toEqual([ring.primary]);
    const absent = Array.from({ length: 256 }, (_, id) => id).filter((id) => ring.withId(id).length === 0);
    expect(absent).toHaveLength(254);
    expect(ring.withId(-1)).toEqual([]);
  });

  it('finds the key of the same secret in another ring', () => {
    const ring = keyringOf('unrelated secret', NAMESAKES[0], SECRET);
    expect(ring.sameAs(keyOf(SECRET))).toBe(ring.withId(0x59)[1]);
    expect(ring.sameAs(keyOf(NAMESAKES[1]))).toBeUndefined();
  });

  it('shows no secret', () => {
    const ring = keyringOf(SECRET);
    const text = inspect(ring, { depth: null, showHidden: true }) + JSON.stringify(ring) + inspect(ring.primary);
    expect(text).not.toContain('horse');
    expect(text).not.toContain(Buffer.from(SECRET).toString('hex', 0, 4));
  });
});
