import { format, inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';

import { Secret } from '../../../lib/primitives/secret.js';

const TEXT = 'correct horse battery staple';

describe('Secret', () => {
  it('keeps the bytes, or the UTF-8 of a text', () => {
    expect(Buffer.from(new Secret('grün').reveal()).toString('hex')).toBe('6772c3bc6e');
    expect([...new Secret(Uint8Array.of(1, 2, 3)).reveal()]).toEqual([1, 2, 3]);
  });

  it('has no part in later changes of the bytes, nor a share of their memory', () => {
    const bytes = Buffer.from(TEXT);
    const secret = new Secret(bytes);
    bytes.fill(0);
    expect(Buffer.from(secret.reveal()).toString()).toBe(TEXT);
    expect(secret.reveal().buffer.byteLength).toBe(TEXT.length);
    expect(new Secret(TEXT).reveal().buffer.byteLength).toBe(TEXT.length);
  });

  it('is equal to one of the same bytes', () => {
    const secret = new Secret(TEXT);
    expect(secret.equals(new Secret(Buffer.from(TEXT)))).toBe(true);
    expect(secret.equals(new Secret(`${TEXT}.`))).toBe(false);
    expect(secret.equals(new Secret(TEXT.toUpperCase()))).toBe(false);
  });

  it('shows itself nowhere', () => {
    const holder = { secret: new Secret(TEXT), keys: new Map([['a', new Secret(TEXT)]]) };
    const texts = [
      inspect(holder),
      inspect(holder, { showHidden: true, depth: null, getters: true, customInspect: false }),
      format('%s %o %O %j', holder.secret, holder, holder, holder),
      JSON.stringify(holder),
      String(holder.secret),
      JSON.stringify(structuredClone(holder)),
      JSON.stringify(Object.assign({}, holder.secret)),
    ];
    const bytes = [...Buffer.from(TEXT)];
    for (const text of texts) {
      expect(text).not.toContain('horse');
      expect(text).not.toContain(bytes.slice(0, 4).join(','));
      expect(text).not.toContain(bytes.slice(0, 4).join(', '));
    }
    expect(inspect(holder)).toBe(`{ secret: [secret], keys: Map(1) { 'a' => [secret] } }`);
    expect(JSON.stringify(holder)).toBe('{"secret":"[secret]","keys":{}}');
  });
});
