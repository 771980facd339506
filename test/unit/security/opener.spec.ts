import { describe, expect, it } from '@jest/globals';

import { nodeIdBytes, type NodeId } from '../../../lib/primitives/node-id.js';
import type { Keyring } from '../../../lib/security/keyring.js';
import { Opener } from '../../../lib/security/opener.js';
import { Sealer } from '../../../lib/security/sealer.js';
import { keyringOf, NAMESAKES, nodeIdOf, SECRET } from '../../support/secrets.js';

const OLD = 'the secret of last year';
const TEXT = 'invalidate:user:42';
const MAX_COUNTER = 2 ** 48 - 1;

interface Sealed {
  readonly sender: NodeId;
  readonly keyId: number;
  readonly counter: number;
  readonly header: Buffer;
  readonly bytes: Buffer;
}

function headerOf(sender: NodeId, keyId: number, counter: number): Buffer {
  const header = Buffer.concat([Buffer.of(0x57, 0x20), nodeIdBytes(sender), Buffer.of(keyId), Buffer.alloc(8)]);
  header.writeBigUInt64BE(BigInt(counter), 19);
  return header;
}

function sealedBy(sender: NodeId, ring: Keyring, { cluster = 'shop', text = TEXT, counter = 1 } = {}): Sealed {
  const sealer = new Sealer(sender, cluster, ring);
  const header = headerOf(sender, sealer.keyId, counter);
  const plaintext = Buffer.from(text);
  const bytes = Buffer.alloc(plaintext.length + 16);
  sealer.seal(counter, header, plaintext, bytes, 0);
  return { sender, keyId: sealer.keyId, counter, header, bytes };
}

function open(opener: Opener, sealed: Sealed, changes: Partial<Sealed> = {}): string {
  const { sender, keyId, counter, header, bytes } = { ...sealed, ...changes };
  const opened = opener.open(sender, keyId, counter, header, bytes);
  return typeof opened === 'string' ? opened : `opened ${opened.toString()}`;
}

const openerOf = (...texts: readonly string[]): Opener => new Opener('shop', keyringOf(...texts), { senders: 100 });

describe('Opener', () => {
  const sealed = sealedBy(nodeIdOf(1), keyringOf(SECRET));

  it('opens what was sealed with the secret, again and again', () => {
    const opener = openerOf(SECRET);
    for (let time = 0; time < 3; time++) expect(open(opener, sealed)).toBe(`opened ${TEXT}`);
  });

  it('opens whatever the secrets are called, as long as one is the same', () => {
    expect(open(openerOf('some other secret', SECRET), sealed)).toBe(`opened ${TEXT}`);
    const rotated = sealedBy(nodeIdOf(1), keyringOf(SECRET, OLD));
    expect(open(openerOf(SECRET), rotated)).toBe(`opened ${TEXT}`);
  });

  it('opens up to the last counter', () => {
    const last = sealedBy(nodeIdOf(1), keyringOf(SECRET), { counter: MAX_COUNTER });
    expect(open(openerOf(SECRET), last)).toBe(`opened ${TEXT}`);
  });

  it('gives plaintext in memory of its own', () => {
    const bytes = Buffer.from(sealed.bytes);
    const opened = openerOf(SECRET).open(sealed.sender, sealed.keyId, 1, sealed.header, bytes);
    expect(bytes).toEqual(sealed.bytes);
    bytes.fill(0);
    expect(String(opened)).toBe(TEXT);
  });

  it('refuses every flipped bit, of a known sender and of an unknown one', () => {
    const known = openerOf(SECRET);
    const unknown = openerOf(SECRET);
    open(known, sealed);
    const datagram = Buffer.concat([sealed.header, sealed.bytes]);
    for (let bit = 0; bit < datagram.length * 8; bit++) {
      const changed = Buffer.from(datagram);
      changed[bit >> 3]! ^= 1 << (bit & 7);
      const read = {
        sender: changed.toString('latin1', 2, 18) as NodeId,
        keyId: changed[18]!,
        counter: Number(changed.readBigUInt64BE(19)),
        header: changed.subarray(0, 27),
        bytes: changed.subarray(27),
      };
      const outcomes = [known, unknown].map((opener) => open(opener, sealed, read));
      const expected = bit >> 3 === 18 ? 'unknown-key' : 'forged';
      expect([bit, ...outcomes]).toEqual([bit, expected, expected]);
    }
    expect(open(known, sealed)).toBe(`opened ${TEXT}`);
    expect([known.size, unknown.size]).toEqual([1, 0]);
  });

  it('refuses what is shorter or longer by any number of bytes', () => {
    const opener = openerOf(SECRET);
    for (let length = 0; length < sealed.bytes.length; length++) {
      expect(open(opener, sealed, { bytes: sealed.bytes.subarray(0, length) })).toBe('forged');
    }
    expect(open(opener, sealed, { bytes: Buffer.concat([sealed.bytes, Buffer.of(0)]) })).toBe('forged');
  });

  it.each([0, -1, NaN, 2, MAX_COUNTER, MAX_COUNTER + 1, 2 ** 64, Infinity])(
    'refuses the counter %p, which is not the one',
    (counter) => expect(open(openerOf(SECRET), sealed, { counter })).toBe('forged'),
  );

  it('refuses the key of another cluster, sender or secret', () => {
    const opener = openerOf(SECRET);
    const elsewhere = sealedBy(nodeIdOf(1), keyringOf(SECRET), { cluster: 'bank' });
    expect(open(opener, elsewhere)).toBe('forged');
    expect(open(opener, sealed, { sender: nodeIdOf(2) })).toBe('forged');
    expect(open(openerOf(NAMESAKES[0]), sealed)).toBe('forged');
    expect(open(openerOf(OLD), sealed)).toBe('unknown-key');
  });

  it('refuses an id that no secret has before it looks at anything else', () => {
    const nothing = Buffer.alloc(0);
    const opener = openerOf(SECRET);
    for (let id = 0; id < 256; id++) {
      const outcome = opener.open(nodeIdOf(1), id, -1, nothing, nothing);
      expect(outcome).toBe(id === 0x59 ? 'forged' : 'unknown-key');
    }
  });

  it('tries each secret that has the id', () => {
    const opener = openerOf(...NAMESAKES, SECRET);
    for (const secret of [SECRET, ...NAMESAKES]) {
      const one = sealedBy(nodeIdOf(1), keyringOf(secret), { text: secret });
      expect(open(opener, one)).toBe(`opened ${secret}`);
      expect(open(opener, one)).toBe(`opened ${secret}`);
    }
    expect(opener.size).toBe(1);
  });
});

describe('Opener.setKeyring', () => {
  it('rotates without a gap, and closes the door behind', () => {
    const sender = nodeIdOf(1);
    const withOld = sealedBy(sender, keyringOf(OLD, SECRET));
    const withNew = sealedBy(sender, keyringOf(SECRET, OLD));
    const opener = openerOf(OLD);
    expect([open(opener, withOld), open(opener, withNew)]).toEqual([`opened ${TEXT}`, 'unknown-key']);

    opener.setKeyring(keyringOf(OLD, SECRET));
    expect(opener.knows(sender)).toBe(true);
    expect([open(opener, withOld), open(opener, withNew)]).toEqual([`opened ${TEXT}`, `opened ${TEXT}`]);

    opener.setKeyring(keyringOf(SECRET, OLD));
    expect([open(opener, withOld), open(opener, withNew)]).toEqual([`opened ${TEXT}`, `opened ${TEXT}`]);

    opener.setKeyring(keyringOf(SECRET));
    expect([open(opener, withOld), open(opener, withNew)]).toEqual(['unknown-key', `opened ${TEXT}`]);
  });

  it('uses no key of a secret that has left, even where another with its id has come', () => {
    const opener = openerOf(SECRET);
    const sealed = sealedBy(nodeIdOf(1), keyringOf(SECRET));
    open(opener, sealed);
    opener.setKeyring(keyringOf(NAMESAKES[0]));
    expect(opener.knows(nodeIdOf(1))).toBe(false);
    expect(opener.size).toBe(0);
    expect(open(opener, sealed)).toBe('forged');
  });

  it('forgets those whose only key has left, and no others', () => {
    const opener = openerOf(SECRET, OLD);
    open(opener, sealedBy(nodeIdOf(1), keyringOf(SECRET)));
    open(opener, sealedBy(nodeIdOf(2), keyringOf(OLD)));
    open(opener, sealedBy(nodeIdOf(3), keyringOf(OLD)));
    open(opener, sealedBy(nodeIdOf(3), keyringOf(SECRET)));
    opener.setKeyring(keyringOf(SECRET));
    expect([1, 2, 3].map((number) => opener.knows(nodeIdOf(number)))).toEqual([true, false, true]);
  });
});

describe('Opener.knows', () => {
  it('knows a sender from what opened, and from nothing else', () => {
    const opener = openerOf(SECRET);
    const sealed = sealedBy(nodeIdOf(1), keyringOf(SECRET));
    open(opener, sealed, { counter: 2 });
    open(opener, sealed, { keyId: 0x60 });
    expect(opener.knows(nodeIdOf(1))).toBe(false);
    open(opener, sealed);
    expect([opener.knows(nodeIdOf(1)), opener.knows(nodeIdOf(2))]).toEqual([true, false]);
    open(opener, sealed, { counter: 2 });
    expect(opener.knows(nodeIdOf(1))).toBe(true);
  });

  it('forgets senders that were not opened lately when there are more than it may keep', () => {
    const opener = new Opener('shop', keyringOf(SECRET), { senders: 4 });
    const from = [0, 1, 2, 3, 4].map((number) => sealedBy(nodeIdOf(number), keyringOf(SECRET)));
    for (const number of [0, 1, 2, 0, 0, 3]) open(opener, from[number]!);
    expect(from.map(({ sender }) => opener.knows(sender))).toEqual([true, false, true, true, false]);
    opener.setKeyring(keyringOf(SECRET, OLD));
    open(opener, from[4]!);
    expect(opener.knows(nodeIdOf(4))).toBe(true);
    expect(open(opener, from[1]!)).toBe(`opened ${TEXT}`);
    expect(opener.size).toBeLessThanOrEqual(4);
  });

  it('keeps nothing of 10,000 senders that are made up', () => {
    const opener = openerOf(SECRET);
    const sealed = sealedBy(nodeIdOf(1), keyringOf(SECRET));
    for (let number = 2; number < 10_002; number++) {
      opener.open(nodeIdOf(number), sealed.keyId, 1, sealed.header, sealed.bytes.subarray(0, 20));
    }
    expect(opener.size).toBe(0);
  });
});
