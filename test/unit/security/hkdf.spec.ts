import { hkdfSync } from 'node:crypto';
import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';

import { Secret } from '../../../lib/primitives/secret.js';
import { Hkdf } from '../../../lib/security/hkdf.js';
import { SECRET } from '../../support/secrets.js';

/** The same by the platform's own HKDF. */
function expected(secret: Uint8Array, salt: Buffer, info: string): string {
  return Buffer.from(hkdfSync('sha256', secret, salt, info, 32)).toString('hex');
}

const bytesOf = (length: number, factor: number): Buffer =>
  Buffer.from(Array.from({ length }, (_, index) => (index * factor + 131) & 0xff));

describe('Hkdf', () => {
  it.each([1, 16, 31, 32, 55, 56, 63, 64, 65, 119, 120, 128, 1000])('takes a secret of %i bytes', (length) => {
    const secret = bytesOf(length, 7);
    const hkdf = new Hkdf(new Secret(secret));
    for (let bytes = 0; bytes <= 64; bytes++) {
      const salt = bytesOf(bytes, 11);
      expect(hkdf.derive(salt, 'mesh/v2/shop').toString('hex')).toBe(expected(secret, salt, 'mesh/v2/shop'));
    }
  });

  it('keeps nothing of one call for the next', () => {
    const hkdf = new Hkdf(new Secret(SECRET));
    const calls = [
      [64, 'größe'],
      [0, ''],
      [16, 'größe'],
      [16, 'x'.repeat(300)],
      [64, ''],
      [1, 'größe'],
    ] as const;
    for (const [length, info] of [...calls, ...calls]) {
      const salt = bytesOf(length, 3);
      expect(hkdf.derive(salt, info).toString('hex')).toBe(expected(Buffer.from(SECRET), salt, info));
    }
  });

  it('leaves secret and salt as they are', () => {
    const secret = new Secret(SECRET);
    const salt = bytesOf(16, 5);
    new Hkdf(secret).derive(salt, 'mesh/v2/shop');
    expect(Buffer.from(secret.reveal()).toString()).toBe(SECRET);
    expect(salt).toEqual(bytesOf(16, 5));
  });

  it('shows no secret and no key', () => {
    const hkdf = new Hkdf(new Secret(SECRET));
    const key = hkdf.derive(bytesOf(16, 5), 'mesh/v2/shop').toString('hex', 0, 4);
    const text = inspect(hkdf, { depth: null, showHidden: true }) + JSON.stringify(hkdf);
    for (const hidden of ['horse', Buffer.from(SECRET).toString('hex', 0, 4), key]) expect(text).not.toContain(hidden);
  });
});
