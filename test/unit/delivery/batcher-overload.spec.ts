import { describe, expect, it } from '@jest/globals';

import { Batcher } from '../../../lib/delivery/batcher.js';
import type { OutgoingEvent, Publication } from '../../../lib/delivery/pending-event.js';
import { BucketSet } from '../../../lib/primitives/bucket-set.js';

const DATA = Buffer.from('1');

function key(name: string, parts: Partial<OutgoingEvent> = {}): OutgoingEvent {
  return { kind: 'key', key: name, data: undefined, metadata: undefined, ...parts };
}

function withData(name: string): OutgoingEvent {
  return key(name, { data: DATA });
}

function pattern(text: string): OutgoingEvent {
  return key(text, { kind: 'matching' });
}

function batcher(capacity = 3): Batcher {
  const made = new Batcher({ intervalMs: 100, size: 20, capacity });
  made.release();
  return made;
}

function add(to: Batcher, ...events: readonly OutgoingEvent[]): Publication {
  const publication = to.add(0, events);
  if (publication === undefined) throw new Error('not taken');
  return publication;
}

function addCoarsely(to: Batcher, ...events: readonly OutgoingEvent[]): Publication {
  const publication = to.addCoarsely(0, events);
  if (publication === undefined) throw new Error('not taken');
  return publication;
}

/** Hands out the head as one datagram, and says what it is. */
function send(from: Batcher, id: number): string | BucketSet | undefined {
  from.startFlush();
  const head = from.head();
  if (head === undefined) return undefined;
  from.take(from.head()!);
  from.sent(0, id, head.ticket, 1);
  return head.event.kind === 'buckets' ? head.event.buckets : head.event.key;
}

function bucketsOf(...keys: readonly string[]): BucketSet {
  const buckets = new BucketSet();
  for (const one of keys) buckets.add(bucketsIndex(one));
  return buckets;
}

function bucketsIndex(name: string): number {
  for (let bucket = 0; ; bucket++) {
    const set = new BucketSet();
    set.add(bucket);
    if (set.matches(name)) return bucket;
  }
}

describe('Batcher.addCoarsely', () => {
  it('makes one event of all bare keys that wait, and of what comes', () => {
    const full = batcher();
    add(full, key('a'), key('b'), key('c'));
    expect(full.add(0, [key('d')])).toBeUndefined();
    addCoarsely(full, key('d'), key('a'));
    expect(full.waiting).toBe(1);
    expect(send(full, 1)).toEqual(bucketsOf('a', 'b', 'c', 'd'));
    expect(send(full, 2)).toBeUndefined();
  });

  it('takes a publication that is more than all that may wait', () => {
    const empty = batcher();
    addCoarsely(empty, key('a'), key('b'), key('c'), key('d'));
    expect([empty.waiting, empty.deadline()]).toEqual([1, 0]);
    expect(send(empty, 1)).toEqual(bucketsOf('a', 'b', 'c', 'd'));
  });

  it('joins what it made before', () => {
    const full = batcher();
    addCoarsely(full, key('a'), key('b'));
    add(full, key('c'), key('a'));
    addCoarsely(full, key('d'));
    expect([full.waiting, send(full, 1)]).toEqual([1, bucketsOf('a', 'b', 'c', 'd')]);
  });

  it.each([
    ['comes', [key('a')], [pattern('b*')]],
    ['waits', [pattern('a*')], [key('b')]],
  ])('means all keys where a pattern %s', (_, first, then) => {
    const full = batcher();
    add(full, ...first);
    addCoarsely(full, ...then);
    add(full, key('c'));
    addCoarsely(full, key('d'));
    expect([full.waiting, send(full, 1)]).toEqual([1, 'all']);
  });

  it('refuses what has data, and changes nothing', () => {
    const full = batcher();
    add(full, key('a'), key('b'), key('c'));
    expect(full.addCoarsely(0, [key('d'), withData('e')])).toBeUndefined();
    expect(full.addCoarsely(0, [key('d', { metadata: DATA })])).toBeUndefined();
    expect([full.waiting, send(full, 1), send(full, 2), send(full, 3)]).toEqual([3, 'a', 'b', 'c']);
  });

  it('leaves data that wait as they are, behind it', () => {
    const full = batcher(4);
    add(full, withData('x'), key('a'), withData('y'), key('b'));
    addCoarsely(full, key('c'));
    expect(full.waiting).toBe(3);
    expect([1, 2, 3].map((id) => send(full, id))).toEqual([bucketsOf('a', 'b', 'c'), 'x', 'y']);
  });

  it('takes a key that is published afterwards for a new event', () => {
    const full = batcher();
    add(full, key('a'));
    addCoarsely(full, key('b'));
    add(full, key('a'));
    expect([send(full, 1), send(full, 2)]).toEqual([bucketsOf('a', 'b'), 'a']);
  });

  it('sends what was withdrawn too late', () => {
    const full = batcher();
    const withdrawn = add(full, key('a'));
    const coarse = addCoarsely(full, key('b'));
    full.withdraw(withdrawn);
    full.withdraw(coarse);
    expect([full.waiting, send(full, 1)]).toEqual([1, bucketsOf('a', 'b')]);
  });

  it('does not take what has left already', () => {
    const full = batcher();
    add(full, key('a'), key('b'), key('c'));
    expect(send(full, 1)).toBe('a');
    addCoarsely(full, key('d'));
    expect(send(full, 2)).toEqual(bucketsOf('b', 'c', 'd'));
  });
});

describe('Batcher.addCoarsely, tickets', () => {
  it('are done when the datagram with the buckets is with the kernel', () => {
    const full = batcher();
    const before = add(full, key('a'), key('b'), key('c')).ticket;
    const coarse = addCoarsely(full, key('d')).ticket;
    expect(full.takeFlushed()).toBeUndefined();
    send(full, 1);
    expect(full.takeFlushed() ?? 0).toBeLessThan(Math.min(before, coarse));
    full.settled(1);
    expect(full.takeFlushed()).toBeGreaterThanOrEqual(Math.max(before, coarse));
  });

  it('of keys from several flushes wait for it too', () => {
    const full = batcher(4);
    const sent = add(full, key('sent'), key('a')).ticket;
    send(full, 1);
    const later = add(full, key('b'), key('c'), key('d')).ticket;
    const coarse = addCoarsely(full, key('e')).ticket;
    full.settled(1);
    expect([later > sent, full.takeFlushed() ?? 0]).toEqual([true, 0]);
    send(full, 2);
    expect(full.takeFlushed() ?? 0).toBeLessThan(sent);
    full.settled(2);
    expect(full.takeFlushed()).toBeGreaterThanOrEqual(Math.max(later, coarse));
  });

  it('of older data that wait behind it are not done before these are', () => {
    const full = batcher(4);
    const data = add(full, key('sent'), withData('x'), withData('y')).ticket;
    send(full, 1);
    const bare = add(full, key('a'), key('b')).ticket;
    const coarse = addCoarsely(full, key('c')).ticket;
    full.settled(1);
    expect([bare > data, full.takeFlushed() ?? 0]).toEqual([true, 0]);
    send(full, 2);
    full.settled(2);
    expect(full.takeFlushed() ?? 0).toBeLessThan(data);
    for (const id of [3, 4]) {
      send(full, id);
      full.settled(id);
    }
    expect(full.takeFlushed()).toBeGreaterThanOrEqual(Math.max(bare, coarse));
  });
});
