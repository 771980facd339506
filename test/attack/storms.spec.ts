import { randomBytes } from 'node:crypto';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Battlefield, expectTraffic, type Node } from './support/battlefield.js';
import { Insider } from './support/insider.js';
import { SECRET } from './support/seal.js';
import * as wire from './support/wire.js';

const field = new Battlefield();
afterEach(() => field.close());

/** What one member may have repeated to it at once, and in a millisecond: docs/protocol.md, "Loss". */
const AT_ONCE = 262_144;
const PER_MS = 16_384;
const PUBLISHED = 200;

describe.each([
  ['plain mesh', undefined],
  ['sealed mesh, with the secret', SECRET],
])('a storm by a member of a %s', (_name, secret) => {
  const options = secret === undefined ? {} : { secret };

  /** A member, and its question for all that the target has published: 128 KiB. */
  async function asker(target: Node): Promise<{ insider: Insider; question: Buffer }> {
    const insider = new Insider(await field.attackers.open(), secret);
    await insider.join(target.bus);
    for (let index = 0; index < PUBLISHED; index++) {
      await target.bus.publish(`key:${index}`, { data: 'x'.repeat(1000) });
    }
    const about = wire.idBytes(target.bus.id);
    return { insider, question: wire.nack(insider.id, insider.nonceOf(target.bus), about, [[1, PUBLISHED]]) };
  }

  it('of questions draws no more than its budget', async () => {
    const nodes = await field.mesh(2, options);
    const [target] = nodes;
    const { insider, question } = await asker(target!);
    const [sent, since] = [target!.bus.metrics().bytesSent, performance.now()];
    await insider.strike(
      target!.bus,
      Array.from({ length: 400 }, () => question),
    );
    const allowed = AT_ONCE + PER_MS * (performance.now() - since);
    const { bytesSent, dropped } = target!.bus.metrics();
    expect(bytesSent - sent).toBeLessThanOrEqual(allowed * 1.05);
    expect(dropped['repair-budget']).toBeGreaterThan(0);
    expect(bytesSent - sent).toBeGreaterThan(AT_ONCE);
    await expectTraffic(nodes, 'after');
  }, 60_000);

  it('of requests for a resync draws from the same budget', async () => {
    const nodes = await field.mesh(2, options);
    const [target] = nodes;
    const { insider, question } = await asker(target!);
    const request = wire.resyncRequest(insider.id, insider.nonceOf(target!.bus), 1);
    // Each burst of questions leaves the budget empty before the requests behind it are read.
    const storm = Array.from({ length: 100 }, () => [question, question, ...Array.from({ length: 18 }, () => request)]);
    const [sent, since] = [target!.bus.metrics().bytesSent, performance.now()];
    const before = target!.bus.metrics().dropped['repair-budget'] ?? 0;
    await insider.strike(target!.bus, storm.flat());
    const allowed = AT_ONCE + PER_MS * (performance.now() - since);
    const { bytesSent, dropped } = target!.bus.metrics();
    expect(bytesSent - sent).toBeLessThanOrEqual(allowed * 1.05);
    expect((dropped['repair-budget'] ?? 0) - before).toBeGreaterThan(0);
    await expectTraffic(nodes, 'after');
  }, 60_000);

  it('of nodes that never were draws few questions, and few resyncs, of which one covers all', async () => {
    const nodes = await field.mesh(2, options);
    const [target] = nodes;
    const insider = new Insider(await field.attackers.open(), secret);
    await insider.join(target!.bus);
    const before = target!.bus.metrics();
    const lies = Array.from({ length: 100 }, () =>
      wire.heartbeat(insider.id, {
        gone: Array.from({ length: 20 }, () => ({ about: randomBytes(16), highest: 50, seconds: 0 })),
      }),
    );
    await insider.strike(target!.bus, lies);
    const after = target!.bus.metrics();
    expect((after.dropped['hearsay-budget'] ?? 0) - (before.dropped['hearsay-budget'] ?? 0)).toBeGreaterThan(1800);
    const { items } = target!.resyncs;
    expect(items.some(({ all, origin }) => all && origin !== undefined)).toBe(true);
    expect(items.length).toBeLessThan(200);
    await expectTraffic(nodes, 'after');
  }, 60_000);

  it('of coarse events is told in few resyncs that cover all of it', async () => {
    const nodes = await field.mesh(2, options);
    const [target] = nodes;
    const insider = new Insider(await field.attackers.open(), secret);
    await insider.join(target!.bus);
    const keys = Array.from({ length: 1500 }, (_, index) => `key:${index}`);
    const since = performance.now();
    await insider.strike(
      target!.bus,
      keys.map((key, index) => wire.buckets(insider.id, [wire.bucketOf(key)], { sequence: index + 1 })),
    );
    const { items } = target!.resyncs;
    const covers = (key: string): boolean => items.some((resync) => resync.matches(key));
    await target!.resyncs.until(() => keys.every(covers));
    // Ten at once, ten a second, and one that is told because others wait.
    expect(items.length).toBeLessThanOrEqual(11 + ((performance.now() - since) / 1000) * 20);
    expect(items.length).toBeGreaterThanOrEqual(10);
    expect(items.filter(({ all }) => all)).toEqual([]);
    await expectTraffic(nodes, 'after');
  }, 60_000);
});
