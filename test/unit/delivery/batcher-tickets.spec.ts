import { describe, expect, it } from '@jest/globals';

import { Batcher } from '../../../lib/delivery/batcher.js';
import type { OutgoingEvent, Publication } from '../../../lib/delivery/pending-event.js';

function released(): Batcher {
  const made = new Batcher({ intervalMs: 100, size: 20, capacity: 100_000 });
  made.release();
  return made;
}

function add(to: Batcher, ...names: readonly string[]): Publication {
  const events = names.map((key): OutgoingEvent => ({ kind: 'key', key, data: undefined, metadata: undefined }));
  const publication = to.add(0, events);
  if (publication === undefined) throw new Error('not taken');
  return publication;
}

/** Hands out one datagram of `count` events. */
function send(from: Batcher, id: number, count: number): void {
  const ticket = from.head()?.ticket ?? 0;
  for (let taken = 0; taken < count; taken++) {
    const head = from.head();
    if (head !== undefined) from.take(head);
  }
  from.sent(0, id, ticket, 1);
}

describe('Batcher tickets', () => {
  it('reports a ticket once, when the kernel has all of it', () => {
    const batcher = released();
    const { ticket } = add(batcher, 'a', 'b');
    batcher.startFlush();
    send(batcher, 1, 1);
    send(batcher, 2, 1);
    expect(batcher.takeFlushed() ?? 0).toBeLessThan(ticket);
    batcher.settled(2);
    expect(batcher.takeFlushed() ?? 0).toBeLessThan(ticket);
    batcher.settled(1);
    expect(batcher.takeFlushed()).toBeGreaterThanOrEqual(ticket);
    expect(batcher.takeFlushed()).toBeUndefined();
  });

  it('gives one ticket to all publications of a flush, and a later one to the next', () => {
    const batcher = released();
    const first = add(batcher, 'a').ticket;
    expect(add(batcher, 'b').ticket).toBe(first);
    batcher.startFlush();
    send(batcher, 1, 1);
    expect(add(batcher, 'c').ticket).toBeGreaterThan(first);
  });

  it('gives a merged publication the ticket of the event that it joins', () => {
    const batcher = released();
    const first = add(batcher, 'x', 'a').ticket;
    batcher.startFlush();
    send(batcher, 1, 1);
    expect(add(batcher, 'a').ticket).toBe(first);
    expect(add(batcher, 'a', 'new').ticket).toBeGreaterThan(first);
  });

  it('reports a publication of which everything was withdrawn', () => {
    const batcher = released();
    const only = add(batcher, 'a');
    batcher.withdraw(only);
    expect(batcher.waiting).toBe(0);
    expect(batcher.takeFlushed()).toBeGreaterThanOrEqual(only.ticket);
  });

  it('reports no ticket of which something is in flight when the last that waited is withdrawn', () => {
    const batcher = released();
    const sent = add(batcher, 'a');
    const kept = add(batcher, 'b');
    batcher.startFlush();
    send(batcher, 1, 1);
    batcher.withdraw(kept);
    expect(batcher.takeFlushed() ?? 0).toBeLessThan(sent.ticket);
    batcher.settled(1);
    expect(batcher.takeFlushed()).toBeGreaterThanOrEqual(kept.ticket);
  });

  it('keeps what somebody else has published too', () => {
    const batcher = released();
    const one = add(batcher, 'a', 'b');
    const other = add(batcher, 'b');
    batcher.withdraw(one);
    batcher.startFlush();
    expect(batcher.head()?.event).toMatchObject({ key: 'b' });
    batcher.withdraw(other);
    expect(batcher.head()).toBeUndefined();
  });

  it('withdraws nothing that has left', () => {
    const batcher = released();
    const sent = add(batcher, 'a');
    batcher.startFlush();
    send(batcher, 1, 1);
    add(batcher, 'a');
    batcher.withdraw(sent);
    expect(batcher.waiting).toBe(1);
  });

  it('reports tickets while a flush goes on that never ends', () => {
    const batcher = released();
    const tickets = [add(batcher, 'a').ticket, add(batcher, 'b').ticket];
    batcher.startFlush();
    let flushed = 0;
    for (let id = 1; id <= 100; id++) {
      send(batcher, id, 1);
      tickets.push(add(batcher, `k${id}`).ticket);
      batcher.settled(id);
      flushed = batcher.takeFlushed() ?? flushed;
      expect(batcher.waiting).toBeGreaterThan(0);
      expect(flushed).toBeGreaterThanOrEqual(tickets[id - 2] ?? 0);
    }
  });

  it('never reports less than before, nor what still waits or is in flight', () => {
    const batcher = released();
    const open = new Map<number, number>();
    let last = 0;
    for (let step = 0; step < 5000; step++) {
      add(batcher, `k${step % 37}`);
      if (step % 3 === 0) {
        batcher.startFlush();
        open.set(step, batcher.head()?.ticket ?? 0);
        send(batcher, step, 1 + (step % 5));
      }
      for (const id of open.keys()) {
        if ((id * 7 + step) % 11 !== 0) continue;
        open.delete(id);
        batcher.settled(id);
      }
      const flushed = batcher.takeFlushed() ?? last;
      expect(flushed).toBeGreaterThanOrEqual(last);
      expect(Math.min(...open.values(), Infinity)).toBeGreaterThan(flushed);
      last = flushed;
    }
    expect(last).toBeGreaterThan(100);
  });

  it('withdraws thousands one by one without looking at all of them each time', () => {
    const batcher = released();
    const publications = Array.from({ length: 50_000 }, (_, index) => add(batcher, `k${index}`));
    const last = publications.pop();
    for (const publication of publications) {
      batcher.withdraw(publication);
      expect(batcher.takeFlushed() ?? 0).toBeLessThan(publication.ticket);
    }
    batcher.startFlush();
    expect(batcher.head()).toBe(last?.pending[0]);
  });
});
