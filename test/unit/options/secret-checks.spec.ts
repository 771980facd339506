import { format, inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { MeshError } from '../../../lib/errors/mesh-error.js';
import { resolveMeshOptions } from '../../../lib/options/resolve-mesh-options.js';
import { resolveSecret } from '../../../lib/options/secret-checks.js';

const GOOD = 'correct horse battery staple';
const OTHER = 'troubadour and four more words';

function mistakeIn(body: () => unknown): string {
  try {
    body();
  } catch (error) {
    if (error instanceof MeshError && error.code === 'MESH_ERR_CONFIG') return error.message;
    throw error;
  }
  return 'none';
}

/** The mistake, which both ways to give a secret tell in the same words. */
function mistakeOf(secret: unknown): string {
  const message = mistakeIn(() => resolveSecret(secret));
  expect(mistakeIn(() => resolveMeshOptions({ secret: secret as string }))).toBe(message);
  return message;
}

/** The secrets as text, by name, the primary in front. */
function textsOf(secret: unknown): readonly [primary: string, ...keys: (readonly [string, string])[]] {
  const { primary, keys } = resolveSecret(secret);
  return [primary, ...[...keys].map(([name, key]) => [name, Buffer.from(key.reveal()).toString()] as const)];
}

function manyKeys(count: number): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [index, `${GOOD} ${index}`]));
}

describe('resolveSecret', () => {
  it('takes text and bytes', () => {
    expect(textsOf(GOOD)).toEqual(['secret', ['secret', GOOD]]);
    expect(textsOf(Buffer.from(GOOD))).toEqual(['secret', ['secret', GOOD]]);
    expect(textsOf(new TextEncoder().encode(GOOD).subarray(8))).toEqual(['secret', ['secret', GOOD.slice(8)]]);
  });

  it('takes a keyring', () => {
    const ring = { primary: 'b', keys: { a: GOOD, b: Buffer.from(OTHER) } };
    expect(textsOf(ring)).toEqual(['b', ['a', GOOD], ['b', OTHER]]);
    expect(textsOf({ primary: 7, keys: { 7: GOOD } })).toEqual(['7', ['7', GOOD]]);
    expect(textsOf({ primary: '__proto__', keys: { ['__proto__']: GOOD } })).toEqual([
      '__proto__',
      ['__proto__', GOOD],
    ]);
  });

  it('takes 16 to 1024 bytes, of which the UTF-8 counts, and up to 16 secrets', () => {
    const good = [
      '0123456789abcdef',
      'größe größe gr',
      'xy'.repeat(512),
      Buffer.alloc(1024, 'xy'),
      { primary: 0, keys: manyKeys(16) },
    ];
    for (const secret of good) expect(mistakeIn(() => resolveSecret(secret))).toBe('none');
  });

  it('has no part in later changes of the bytes', () => {
    const bytes = Buffer.from(GOOD);
    const ring = { primary: 'a', keys: { a: bytes } as { a: Uint8Array; b?: Uint8Array } };
    const resolved = resolveSecret(ring);
    bytes.fill(0);
    ring.keys.b = Buffer.from(OTHER);
    expect([...resolved.keys.values()].map((secret) => Buffer.from(secret.reveal()).toString())).toEqual([GOOD]);
    expect(Object.isFrozen(resolved)).toBe(true);
  });

  const short = 'hunter2 hunter2';
  const wrong: [name: string, secret: unknown, message: string][] = [
    ['text that is too short', short, 'secret is too short: it must be at least 16 bytes; `npx nestjs-mesh keygen`'],
    ['bytes that are too few', Buffer.from(short), 'secret is too short'],
    ['no text', '', 'secret is too short'],
    ['text that is too long', 'hunter2'.repeat(147), 'secret is too long: it must be at most 1024 bytes'],
    ['text whose UTF-8 is too long', 'é'.repeat(512) + 'x', 'secret is too long'],
    ['bytes that are too many', Buffer.alloc(1025, 'hunter2'), 'secret is too long'],
    ['one character repeated', 'h'.repeat(32), 'secret is one byte, repeated, and can be guessed'],
    ['one byte repeated', new Uint8Array(32), 'secret is one byte, repeated'],
    ['text that is not well-formed', `${'hunter2'.repeat(4)}\ud800`, 'secret holds a lone surrogate'],
    ['a number', 7_890_123_456, 'secret must be text, bytes (a Uint8Array) or a keyring { primary, keys }'],
    ['null', null, 'secret must be text'],
    ['a function', () => 'hunter2', 'secret must be text'],
    ['a list', ['hunter2'], 'secret must be text'],
    ['a keyring without keys', { primary: 'hunter2' }, 'secret must be text'],
    ['a keyring without a primary', { keys: { a: GOOD } }, 'secret must be text'],
    ['a buffer that was JSON', JSON.parse(JSON.stringify(Buffer.from(GOOD))), 'secret must be text'],
    ['no keys', { primary: 'a', keys: {} }, 'secret must be a keyring whose keys are 1 to 16 secrets by name'],
    ['a list of keys', { primary: 0, keys: [GOOD] }, 'secret must be a keyring whose keys'],
    ['text as keys', { primary: 0, keys: GOOD }, 'secret must be a keyring whose keys'],
    ['a map of keys', { primary: 'a', keys: new Map([['a', GOOD]]) }, 'secret must be a keyring whose keys'],
    ['more in a keyring', { primary: 'a', keys: { a: GOOD }, hunter2: 1 }, 'nothing besides primary and keys'],
    ['17 keys', { primary: 0, keys: manyKeys(17) }, '1 to 16 secrets'],
    ['an unknown primary', { primary: 'hunter2', keys: { a: GOOD } }, 'secret has a primary that is none of its keys'],
    ['an inherited primary', { primary: 'toString', keys: { a: GOOD } }, 'has a primary that is none of its keys'],
    ['a primary of no kind', { primary: null, keys: { null: GOOD } }, 'has a primary that is none of its keys'],
    ['a short key', { primary: 'a', keys: { a: GOOD, hunter2: short } }, 'secret (key 2 of 2) is too short'],
    ['a missing key', { primary: 'a', keys: { a: GOOD, b: undefined } }, 'secret (key 2 of 2) must be text or bytes'],
    [
      'a keyring as a key',
      { primary: 'a', keys: { a: { primary: 1, keys: {} } } },
      '(key 1 of 1) must be text or bytes',
    ],
    ['equal keys', { primary: 'a', keys: { a: GOOD, b: OTHER, c: Buffer.from(GOOD) } }, '(key 3 of 3) is there twice'],
    [
      'a getter that throws',
      {
        get primary(): string {
          throw new Error('hunter2');
        },
        keys: { a: GOOD },
      },
      'secret can not be read: its getter threw',
    ],
  ];

  it.each(wrong)('refuses %s', (_name, secret, message) => {
    const told = mistakeOf(secret);
    expect(told).toContain(message);
    expect(told).not.toMatch(/hunter2|horse|troubadour|hhh|\b7\b/);
  });

  it('tells everything that is wrong with a keyring at once', () => {
    const message = mistakeOf({ primary: 'd', keys: { a: 'short', b: 'x'.repeat(20), c: GOOD } });
    expect(message.split('\n').slice(1)).toEqual([
      expect.stringContaining('secret (key 1 of 3) is too short'),
      expect.stringContaining('secret (key 2 of 3) is one byte, repeated'),
      expect.stringContaining('secret has a primary that is none of its keys'),
    ]);
  });
});

describe('resolveMeshOptions with a secret', () => {
  it('takes each mode', () => {
    for (const secretMode of ['strict', 'accept-plain', 'send-both'] as const) {
      expect(resolveMeshOptions({ secret: GOOD, secretMode }).secretMode).toBe(secretMode);
    }
    expect(resolveMeshOptions({ secret: GOOD }).secretMode).toBe('strict');
  });

  it('takes a mode without a secret for a mistake, and a wrong secret for one mistake', () => {
    const modeAlone = mistakeIn(() => resolveMeshOptions({ secretMode: 'strict' }));
    expect(modeAlone).toContain('secretMode says how a secret is used, and there is none');
    const shortSecret = mistakeIn(() => resolveMeshOptions({ secret: 'short', secretMode: 'strict' }));
    expect(shortSecret).not.toContain('secretMode');
  });

  it('tells its mistakes with the others, and no value where the two options are mixed up', () => {
    const options = { port: 0, secret: 'strict', secretMode: GOOD, heartbeat: 1 };
    const message = mistakeIn(() => resolveMeshOptions(options as object));
    expect(message.split('\n').slice(1)).toEqual([
      expect.stringContaining('port is 0'),
      expect.stringContaining('heartbeat is 1'),
      expect.stringContaining('secret is too short'),
      expect.stringContaining(`secretMode must be 'strict'`),
    ]);
    expect(message).not.toContain('horse');
  });

  it('shows the secret nowhere', () => {
    for (const secret of [GOOD, Buffer.from(GOOD), { primary: 'a', keys: { a: GOOD, b: OTHER } }]) {
      const resolved = resolveMeshOptions({ secret, logger: false });
      const texts = [
        inspect(resolved, { depth: null, showHidden: true }),
        inspect(resolved, { depth: null, customInspect: false, showHidden: true, getters: true }),
        JSON.stringify(resolved),
        format('%s %o %j', resolved, resolved, resolved),
        format(resolved.secret),
      ];
      for (const text of texts) expect(text).not.toMatch(/horse|troubadour|99, ?111, ?114|63 6f 72/);
      expect(texts[0]).toContain('[secret]');
    }
  });
});
