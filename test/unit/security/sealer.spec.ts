import { createCipheriv } from 'node:crypto';
import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';

import { Opener } from '../../../lib/security/opener.js';
import { Sealer } from '../../../lib/security/sealer.js';
import { keyringOf, NODE, SECRET } from '../../support/secrets.js';

const MAX_COUNTER = 2 ** 48 - 1;
const TEXT = Buffer.from('invalidate:user:42');

/** The header of a sealed datagram: magic, type, sender, key id, counter. */
function headerOf(counter: number): Buffer {
  const header = Buffer.concat([Buffer.of(0x57, 0x20), Buffer.from(NODE, 'latin1'), Buffer.of(0x59), Buffer.alloc(8)]);
  header.writeBigUInt64BE(BigInt(counter), 19);
  return header;
}

function sealed(sealer: Sealer, counter: number, text = TEXT): string {
  const into = Buffer.alloc(text.length + 16);
  sealer.seal(counter, headerOf(counter), text, into, 0);
  return into.toString('hex');
}

describe('Sealer', () => {
  const sealer = new Sealer(NODE, 'shop', keyringOf(SECRET));

  // From AES and GHASH spelled out after SP 800-38D, without a library's GCM.
  it.each([
    [1, '9163efc06d9b71bd1cb64675f5d126de6edfdb7c7b4efe672ee37d607d7f3df5f038'],
    [MAX_COUNTER, '48258c9c644f8ffba172a057430bbbd6850803e7294e7260df8232f51386c8e062de'],
  ])('seals as other implementations do, with counter %i', (counter, expected) => {
    expect(sealed(sealer, counter)).toBe(expected);
  });

  it('takes the counter, in 12 bytes, as the nonce', () => {
    const nonce = Buffer.alloc(12);
    nonce.writeBigUInt64BE(0x0102_0304_0506n, 4);
    const key = keyringOf(SECRET).primary.derive(NODE, 'shop');
    const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(headerOf(0x0102_0304_0506));
    const expected = Buffer.concat([cipher.update(TEXT), cipher.final(), cipher.getAuthTag()]);
    expect(sealed(sealer, 0x0102_0304_0506)).toBe(expected.toString('hex'));
  });

  it('writes where it is told and nowhere else, and returns the end', () => {
    const into = Buffer.alloc(100, 0xee);
    expect(sealer.seal(1, headerOf(1), TEXT, into, 10)).toBe(10 + TEXT.length + 16);
    expect(into.toString('hex', 10, 44)).toBe(sealed(sealer, 1));
    expect(Buffer.concat([into.subarray(0, 10), into.subarray(44)])).toEqual(Buffer.alloc(66, 0xee));
  });

  it.each([0, 1, 15, 16, 17, 27, 300, 1150])('seals a text of %i bytes where it lies, or beside it', (length) => {
    const text = Buffer.from(Array.from({ length }, (_, index) => (index * 7) & 0xff));
    const expected = sealed(sealer, 5, text);
    for (const shift of [0, 1, 16, 27, -1, -16, -27]) {
      const into = Buffer.alloc(length + 120);
      text.copy(into, 50);
      const at = 50 + shift;
      const end = sealer.seal(5, headerOf(5), into.subarray(50, 50 + length), into, at);
      expect(into.toString('hex', at, end)).toBe(expected);
    }
  });

  it('takes a header from the buffer that it writes to', () => {
    const into = Buffer.alloc(100);
    headerOf(9).copy(into);
    TEXT.copy(into, 27);
    const end = sealer.seal(9, into.subarray(0, 27), into.subarray(27, 27 + TEXT.length), into, 27);
    expect(into.toString('hex', 27, end)).toBe(sealed(sealer, 9));
    expect(into.subarray(0, 27)).toEqual(headerOf(9));
  });

  it('writes nothing where there is no room', () => {
    const into = Buffer.alloc(TEXT.length + 15);
    expect(() => sealer.seal(1, headerOf(1), TEXT, into, 0)).toThrow(RangeError);
    expect(into).toEqual(Buffer.alloc(TEXT.length + 15));
  });

  it('seals a text without bytes', () => {
    const into = Buffer.alloc(16);
    expect(sealer.seal(1, headerOf(1), Buffer.alloc(0), into, 0)).toBe(16);
    expect(new Opener('shop', keyringOf(SECRET), { senders: 1 }).open(NODE, 0x59, 1, headerOf(1), into)).toEqual(
      Buffer.alloc(0),
    );
  });

  it('says under which key the others find it', () => {
    expect(sealer.keyId).toBe(0x59);
  });

  it('shows no secret and no key', () => {
    const key = keyringOf(SECRET).primary.derive(NODE, 'shop').toString('hex', 0, 4);
    const text = inspect(sealer, { depth: null, showHidden: true }) + JSON.stringify(sealer);
    expect(text).not.toContain('horse');
    expect(text).not.toContain(key);
  });
});

describe('Sealer.nextCounter', () => {
  it('counts from 1, and goes on when the keyring changes and comes back', () => {
    const sealer = new Sealer(NODE, 'shop', keyringOf(SECRET));
    const counters = [sealer.nextCounter(), sealer.nextCounter()];
    sealer.setKeyring(keyringOf('another secret of 16 bytes'));
    counters.push(sealer.nextCounter());
    sealer.setKeyring(keyringOf(SECRET));
    counters.push(sealer.nextCounter());
    expect(counters).toEqual([1, 2, 3, 4]);
  });

  it('gives out the last counter there is, and then none', () => {
    const sealer = new Sealer(NODE, 'shop', keyringOf(SECRET), MAX_COUNTER - 1);
    expect(sealer.nextCounter()).toBe(MAX_COUNTER);
    expect(() => sealer.nextCounter()).toThrow(RangeError);
    expect(() => sealer.nextCounter()).toThrow('all counters of this node are spent');
  });
});

describe('Sealer.setKeyring', () => {
  it('seals with the new primary', () => {
    const sealer = new Sealer(NODE, 'shop', keyringOf('another secret of 16 bytes', SECRET));
    const before = sealed(sealer, 1);
    sealer.setKeyring(keyringOf(SECRET));
    expect(sealer.keyId).toBe(0x59);
    expect(sealed(sealer, 1)).toBe('9163efc06d9b71bd1cb64675f5d126de6edfdb7c7b4efe672ee37d607d7f3df5f038');
    expect(before).not.toBe(sealed(sealer, 1));
  });
});
