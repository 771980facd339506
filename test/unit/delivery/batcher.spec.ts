import { describe, expect, it } from '@jest/globals';

import { Batcher, type BatcherOptions } from '../../../lib/delivery/batcher.js';
import type { OutgoingEvent, QueuedEvent } from '../../../lib/delivery/pending-event.js';
import { NEVER } from '../../../lib/primitives/instant.js';

const DATA = Buffer.from('1');

function key(name: string, parts: Partial<OutgoingEvent> = {}): OutgoingEvent {
  return { kind: 'key', key: name, data: undefined, metadata: undefined, ...parts };
}

function keys(count: number, prefix = 'k'): OutgoingEvent[] {
  return Array.from({ length: count }, (_, index) => key(`${prefix}${index}`));
}

function batcher(options: Partial<BatcherOptions> = {}): Batcher {
  const made = new Batcher({ intervalMs: 100, size: 20, capacity: 1000, ...options });
  made.release();
  return made;
}

function nameOf(event: QueuedEvent | undefined): string {
  return event?.kind === 'buckets' ? 'buckets' : (event?.key ?? '');
}

/** Takes what is due, as one datagram each `perDatagram` events, and leaves the datagrams with the kernel. */
function flush(from: Batcher, now: number, { id = 1, destinations = 1, perDatagram = 1000 } = {}): string[] {
  from.startFlush();
  const taken: string[] = [];
  for (let head = from.head(), next = id; head !== undefined; head = from.head(), next++) {
    const { ticket } = head;
    for (let count = 0; count < perDatagram && from.head() !== undefined; count++) {
      taken.push(nameOf(from.head()?.event));
      from.take(from.head()!);
    }
    from.sent(now, next, ticket, destinations);
  }
  return taken;
}

describe('Batcher', () => {
  describe('deadline', () => {
    it('is never while nothing waits', () => expect(batcher().deadline()).toBe(NEVER));

    it('is at once on an idle bus: the leading edge', () => {
      const idle = batcher();
      idle.add(7, keys(1));
      expect(idle.deadline()).toBe(7);
    });

    it('is never before the first release', () => {
      const held = new Batcher({ intervalMs: 100, size: 20, capacity: 1000 });
      held.add(7, keys(30));
      expect(held.deadline()).toBe(NEVER);
      held.release();
      expect(held.deadline()).toBe(7);
    });

    it('is never while a flush is on', () => {
      const flushing = batcher();
      flushing.add(0, keys(2));
      flushing.startFlush();
      expect(flushing.deadline()).toBe(NEVER);
    });

    it('waits for sends that are under way, and ends with them', () => {
      const busy = batcher();
      busy.add(0, keys(1));
      flush(busy, 0);
      busy.add(3, keys(1, 'later'));
      expect(busy.deadline()).toBe(103);
      expect(busy.settled(1)).toBe(true);
      expect(busy.deadline()).toBe(3);
    });

    it('is at most the interval after the first that waits, however long sends take', () => {
      const busy = batcher({ intervalMs: 40 });
      busy.add(0, keys(1));
      flush(busy, 0);
      busy.add(5, keys(1, 'a'));
      busy.add(30, keys(1, 'b'));
      expect(busy.deadline()).toBe(45);
    });

    it('is at once when as many wait as make a batch', () => {
      const busy = batcher({ size: 3 });
      busy.add(0, keys(1));
      flush(busy, 0);
      busy.add(5, keys(2, 'a'));
      expect(busy.deadline()).toBe(105);
      busy.add(6, keys(1, 'b'));
      expect(busy.deadline()).toBe(5);
    });

    it.each([
      { destinations: 1, pauseMs: 0 },
      { destinations: 19, pauseMs: 0 },
      { destinations: 20, pauseMs: 1 },
      { destinations: 200, pauseMs: 10 },
      { destinations: 5000, pauseMs: 100 },
    ])('pauses $pauseMs ms after a fan-out to $destinations', ({ destinations, pauseMs }) => {
      const busy = batcher();
      busy.add(0, keys(1));
      flush(busy, 0, { destinations });
      busy.settled(1);
      busy.add(0, keys(1, 'later'));
      expect(busy.deadline()).toBeCloseTo(pauseMs, 9);
    });

    it('adds up what several datagrams cost', () => {
      const busy = batcher();
      busy.add(0, keys(3));
      flush(busy, 0, { destinations: 100, perDatagram: 1 });
      for (const id of [1, 2, 3]) busy.settled(id);
      busy.add(0, keys(1, 'later'));
      expect(busy.deadline()).toBeCloseTo(15, 9);
    });
  });

  describe('merging', () => {
    it('queues a bare key once while it waits', () => {
      const idle = batcher();
      idle.add(0, [key('a'), key('a')]);
      idle.add(1, [key('a')]);
      expect(idle.waiting).toBe(1);
      expect(flush(idle, 1)).toEqual(['a']);
    });

    it('takes a key that has left the queue for a new event, before it is with the kernel', () => {
      const idle = batcher();
      idle.add(0, [key('a')]);
      idle.startFlush();
      idle.take(idle.head()!);
      idle.add(0, [key('a')]);
      expect(idle.waiting).toBe(1);
    });

    it.each([
      ['data', key('a', { data: DATA })],
      ['metadata', key('a', { metadata: DATA })],
      ['a pattern', key('a', { kind: 'matching' })],
    ])('never merges %s', (_, event) => {
      const idle = batcher();
      idle.add(0, [key('a'), event, event, key('a')]);
      expect(idle.waiting).toBe(3);
    });
  });

  describe('capacity', () => {
    it('takes all or nothing', () => {
      const small = batcher({ capacity: 3 });
      expect(small.add(0, keys(2))).toBeDefined();
      expect(small.add(0, keys(2, 'more'))).toBeUndefined();
      expect(small.waiting).toBe(2);
      expect(small.add(0, keys(1, 'more'))).toBeDefined();
    });

    it('takes what merges even when it is full', () => {
      const full = batcher({ capacity: 2 });
      full.add(0, keys(2));
      expect(full.add(0, [key('k0'), key('k1'), key('k0')])).toBeDefined();
      expect(full.add(0, [key('k0'), key('new')])).toBeUndefined();
      expect(full.add(0, [key('k0', { data: DATA })])).toBeUndefined();
    });
  });

  it('sends in order of publication', () => {
    const idle = batcher();
    idle.add(0, [key('b'), key('a')]);
    idle.add(0, [key('c'), key('b')]);
    expect(flush(idle, 0)).toEqual(['b', 'a', 'c']);
  });

  it('has no head before a flush is started', () => {
    const idle = batcher();
    idle.add(0, keys(1));
    expect(idle.head()).toBeUndefined();
  });

  it('does not know a datagram that is none of its own', () => expect(batcher().settled(99)).toBe(false));
});
