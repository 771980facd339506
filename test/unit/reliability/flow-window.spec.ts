import { describe, expect, it } from '@jest/globals';

import { NEVER } from '../../../lib/primitives/instant.js';
import type { NodeId } from '../../../lib/primitives/node-id.js';
import { bufferCost, FlowWindow, USUAL_WINDOW_BYTES } from '../../../lib/reliability/flow-window.js';
import { randomNodeId } from '../../../lib/simulation/simulated-config.js';
import { SeededRandom } from '../../../lib/primitives/seeded-random.js';

const FULL = 1169;
const FULL_COST = bufferCost(FULL);
const random = new SeededRandom(1);
const A = randomNodeId(random);
const B = randomNodeId(random);

/** A sender that has something to send at any time. */
class Sender {
  readonly flow = new FlowWindow();
  last = 0;

  constructor(...receivers: readonly NodeId[]) {
    for (const id of receivers) this.flow.add(0, id);
  }

  /** Sends until it is held back, at most so many. Returns how many it sent. */
  send(now: number, most = 10_000, bytes = FULL): number {
    let count = 0;
    for (; count < most && this.flow.maySend(now, bytes); count++) this.flow.sent(now, ++this.last, bytes);
    return count;
  }

  report(
    now: number,
    id: NodeId,
    highest: number,
    { contiguous = highest, windowBytes = USUAL_WINDOW_BYTES } = {},
  ): void {
    this.flow.report(now, id, { contiguous, highest, windowBytes });
  }
}

describe('bufferCost', () => {
  it.each([
    { bytes: 40, cost: 768 },
    { bytes: 128, cost: 768 },
    { bytes: 129, cost: 1280 },
    { bytes: 640, cost: 1280 },
    { bytes: 641, cost: 2304 },
    { bytes: 1169, cost: 2304 },
    { bytes: 1200, cost: 2304 },
  ])('is $cost for $bytes bytes', ({ bytes, cost }) => expect(bufferCost(bytes)).toBe(cost));
});

describe('FlowWindow', () => {
  it('holds nobody back who sends to nobody', () => {
    const sender = new Sender();
    expect([sender.send(0), sender.flow.deadline()]).toEqual([10_000, NEVER]);
  });

  it('fills half of the usual buffer, and not more', () => {
    const sender = new Sender(A);
    expect(sender.send(0)).toBe(Math.floor(USUAL_WINDOW_BYTES / FULL_COST));
    expect(sender.send(199)).toBe(0);
  });

  it('counts small ones as what they take', () => {
    const sender = new Sender(A);
    expect(sender.send(0, 10_000, 100)).toBe(Math.floor(USUAL_WINDOW_BYTES / bufferCost(100)));
  });

  it('goes on by what has been read, and by the window that was told', () => {
    const sender = new Sender(A);
    const first = sender.send(0);
    sender.report(1, A, 10);
    expect(sender.send(1)).toBe(10);
    sender.report(2, A, first, { windowBytes: 100 * FULL_COST });
    expect(sender.send(2)).toBe(90);
    sender.report(3, A, sender.last, { windowBytes: 5 * FULL_COST });
    expect(sender.send(3)).toBe(5);
  });

  it('goes by the smallest buffer', () => {
    const sender = new Sender(A, B);
    sender.report(0, A, 0, { windowBytes: 100 * FULL_COST });
    sender.report(0, B, 0, { windowBytes: 7 * FULL_COST });
    expect(sender.send(0)).toBe(7);
    sender.report(1, A, 7, { windowBytes: 100 * FULL_COST });
    expect(sender.send(1)).toBe(0);
    sender.flow.remove(B);
    expect(sender.send(1)).toBe(100);
  });

  it('takes reports in any order', () => {
    const sender = new Sender(A);
    sender.send(0);
    sender.report(1, A, 20);
    sender.report(1, A, 5);
    expect(sender.send(1)).toBe(20);
  });

  it('never holds back a slow stream', () => {
    const sender = new Sender(A);
    for (let now = 0; now < 60_000; now += 10) expect(sender.send(now, 1)).toBe(1);
  });

  it('counts what is old as read', () => {
    const sender = new Sender(A);
    const half = sender.send(0);
    sender.report(190, A, 20);
    expect([sender.send(190), sender.send(199), sender.send(200)]).toEqual([20, 0, half - 20]);
  });

  it('waits for one that never reports once, and not each time that its buffer might be full', () => {
    const sender = new Sender(A, B);
    let sent = 0;
    for (let now = 0; now < 1000; now++) {
      sender.report(now, B, sender.last);
      sent += sender.send(now, 10);
    }
    expect(sent).toBeGreaterThan(7000);
  });

  it('protects those that had nothing to report of a slow stream from what follows it', () => {
    const sender = new Sender(A, B);
    const half = Math.floor(USUAL_WINDOW_BYTES / FULL_COST);
    for (let now = 0; now < 10_000; now += 100) sender.send(now, 1);
    expect([sender.send(10_500), sender.send(10_501)]).toEqual([half, 0]);
  });

  it('begins to wait anew where one has held it up long ago', () => {
    const sender = new Sender(A);
    const half = sender.send(0);
    sender.send(100);
    expect([sender.send(600), sender.send(700), sender.send(799), sender.send(800, 500)]).toEqual([half, 0, 0, 500]);
  });

  it('waits 200 ms for one that says nothing, and then not any more until it speaks', () => {
    const sender = new Sender(A);
    sender.report(0, A, 0, { windowBytes: 1 });
    expect([sender.send(5, 1), sender.flow.deadline(), sender.send(204, 1)]).toEqual([0, 205, 0]);
    expect([sender.send(205, 100), sender.flow.deadline(), sender.send(206, 100)]).toEqual([100, NEVER, 100]);
    sender.report(207, A, sender.last, { windowBytes: 3 * FULL_COST });
    expect(sender.send(207)).toBe(3);
  });

  it('leaves out only those who hold it up', () => {
    const sender = new Sender(A, B);
    sender.report(0, A, 0, { windowBytes: 1 });
    sender.report(0, B, 0, { windowBytes: 50 * FULL_COST });
    sender.send(0);
    expect(sender.send(200)).toBe(50);
    expect(sender.send(201)).toBe(0);
  });

  it('lets one that is met again keep where it stands', () => {
    const sender = new Sender(A);
    sender.report(0, A, 0, { windowBytes: 3 * FULL_COST });
    sender.flow.add(0, A);
    expect(sender.send(0)).toBe(3);
  });

  it('wants to be asked later again where others hold it up too', () => {
    const sender = new Sender(A, B);
    sender.report(0, A, 0, { windowBytes: 1 });
    sender.send(0);
    sender.report(190, B, 0, { windowBytes: 1 });
    expect([sender.send(200), sender.flow.deadline()]).toEqual([0, 400]);
  });

  it('wants to be asked again when what it waits for is over', () => {
    const sender = new Sender(A);
    expect(sender.flow.deadline()).toBe(NEVER);
    sender.send(0, 20);
    sender.send(50);
    sender.report(60, A, 10);
    sender.send(60);
    // What was sent at 0 counts as read at 200.
    expect([sender.flow.deadline(), sender.send(199), sender.send(200)]).toEqual([200, 0, 10]);
    sender.report(201, A, sender.last);
    expect([sender.send(201, 1), sender.flow.deadline()]).toEqual([1, NEVER]);
  });

  it('wants nothing when nothing waits any more', () => {
    const sender = new Sender(A);
    sender.send(0);
    sender.flow.rest();
    expect(sender.flow.deadline()).toBe(NEVER);
    expect([sender.send(150, 1), sender.flow.deadline()]).toEqual([0, 200]);
  });

  it('runs at most 512 ahead of what a receiver has without gaps, as long as that grows', () => {
    const sender = new Sender(A);
    const windowBytes = 1e9;
    sender.report(0, A, 0, { windowBytes });
    expect(sender.send(1)).toBe(512);
    sender.report(2, A, 512, { contiguous: 100, windowBytes });
    expect(sender.send(2)).toBe(100);
    for (let now = 3; now < 203; now += 10) {
      sender.report(now, A, sender.last, { contiguous: 100, windowBytes });
      expect(sender.send(now)).toBe(0);
    }
    expect(sender.send(203)).toBe(10_000);
  });

  it('believes nobody to have read what was not sent', () => {
    const sender = new Sender(A);
    const first = sender.send(0);
    sender.report(1, A, first + 1);
    sender.report(1, A, 2 ** 47);
    sender.report(1, A, first, { contiguous: 2 ** 47 });
    sender.report(1, B, first);
    expect(sender.send(1)).toBe(0);
    sender.report(1, A, first);
    expect(sender.send(1)).toBe(first);
  });

  it('begins with a newcomer where it stands', () => {
    const sender = new Sender();
    sender.send(0, 5000);
    sender.flow.add(1, A);
    sender.flow.add(1, A);
    expect(sender.send(1)).toBe(Math.floor(USUAL_WINDOW_BYTES / FULL_COST));
  });

  it('is right about the bytes under way however much it has sent', () => {
    const sender = new Sender(A);
    const windowBytes = 40 * FULL_COST;
    for (let now = 0; sender.last < 50_000; now++) {
      sender.report(now, A, sender.last, { windowBytes });
      expect(sender.send(now)).toBe(40);
    }
  });

  it('does not lose itself in a receiver that is more behind than it remembers', () => {
    const sender = new Sender(A);
    sender.report(0, A, 0, { windowBytes: 1e9 });
    expect(sender.send(0)).toBe(512);
    expect(sender.send(200, 9000)).toBe(9000);
    sender.report(201, A, 1, { windowBytes: 2000 * FULL_COST });
    expect(sender.send(201)).toBe(0);
    sender.report(202, A, sender.last, { windowBytes: 6 * FULL_COST });
    expect(sender.send(202)).toBe(6);
  });

  it('leaves no deadline in the past, however it is rounded', () => {
    // 200 ms later differs by less than 200: the last bits fall off beyond 4096.
    const start = 4067.2243102071684;
    const later = start + 200;
    expect(later - start).toBeLessThan(200);
    const sender = new Sender(A);
    expect(sender.send(start)).toBe(46);
    expect(sender.flow.deadline()).toBe(later);
    sender.send(later);
    expect(sender.flow.deadline()).toBeGreaterThan(later);
  });
});
