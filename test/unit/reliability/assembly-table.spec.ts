import { describe, expect, it } from '@jest/globals';
import { BucketSet } from '../../../lib/primitives/bucket-set.js';
import type { NodeId } from '../../../lib/primitives/node-id.js';
import { NEVER } from '../../../lib/primitives/instant.js';
import type { Assembly } from '../../../lib/reliability/assembly.js';
import { ALL_BYTES, AssemblyTable, ORIGIN_BYTES } from '../../../lib/reliability/assembly-table.js';
import { nodeIdOf } from '../../support/secrets.js';

const LONGEST = 64 * 1024;

interface Dropped {
  readonly assembly: Assembly;
  readonly why: string;
}

function table(): { assemblies: AssemblyTable; dropped: Dropped[] } {
  const dropped: Dropped[] = [];
  const assemblies = new AssemblyTable((assembly, why) => dropped.push({ assembly, why }));
  return { assemblies, dropped };
}

function terms(origin: NodeId, end: number, parts: { bucket?: number | undefined; totalBytes?: number } = {}) {
  return { origin, end, bucket: 7, totalBytes: LONGEST, ...parts };
}

describe('AssemblyTable', () => {
  const [one, other] = [nodeIdOf(1), nodeIdOf(2)];

  it('keeps what is begun until it is removed, each by its origin and end', () => {
    const { assemblies, dropped } = table();
    const first = assemblies.touch(0, terms(one, 100));
    expect(assemblies.touch(5, terms(one, 100))).toBe(first);
    expect(assemblies.touch(5, terms(other, 100))).not.toBe(first);
    expect(assemblies.touch(5, terms(one, 101))).not.toBe(first);
    const bytes = assemblies.bytes;
    assemblies.remove(first!);
    assemblies.remove(first!);
    expect(assemblies.bytes).toBe((bytes / 3) * 2);
    expect(dropped).toEqual([]);
  });

  it('lets the oldest of an origin go where it begins too many, and none of another', () => {
    const { assemblies, dropped } = table();
    assemblies.touch(0, terms(other, 100));
    for (let end = 100; end < 1100; end++) assemblies.touch(1, terms(one, end));
    expect(assemblies.bytes).toBeLessThanOrEqual(ORIGIN_BYTES + LONGEST + 1024);
    expect(dropped.every(({ assembly, why }) => assembly.origin === one && why === 'assembly-limit')).toBe(true);
    expect(dropped.map(({ assembly }) => assembly.end)).toEqual(
      Array.from({ length: dropped.length }, (_, i) => i + 100),
    );
    expect(dropped.length).toBeGreaterThan(900);
  });

  it('charges for the smallest pieces more than they are', () => {
    const { assemblies } = table();
    let kept = 0;
    for (let end = 100; end < 20_000; end++)
      kept = assemblies.touch(1, terms(one, end, { totalBytes: 1 })) ? end : kept;
    expect(assemblies.bytes).toBeLessThanOrEqual(ORIGIN_BYTES);
    expect(kept).toBe(19_999);
  });

  it('lets those go first, where all together are too many, of whom there are most', () => {
    const { assemblies, dropped } = table();
    for (let origin = 10; origin < 10 + 2000; origin++) {
      // Every tenth has gone mad; the others say one thing each.
      const count = origin % 10 === 0 && origin < 200 ? 31 : 1;
      for (let end = 0; end < count; end++)
        assemblies.touch(origin, terms(nodeIdOf(origin), 100 + end, { totalBytes: 10_000 }));
    }
    expect(assemblies.bytes).toBeLessThanOrEqual(ALL_BYTES);
    expect(assemblies.bytes).toBeGreaterThan(ALL_BYTES - LONGEST);
    const ofMad = dropped.filter(({ assembly }) => nodeIdsOfMad.has(assembly.origin));
    expect(ofMad.length).toBeGreaterThan(100);
    const firstOfOthers = dropped.findIndex(({ assembly }) => !nodeIdsOfMad.has(assembly.origin));
    // Only once nobody has more than one.
    expect(firstOfOthers === -1 || firstOfOthers >= 19 * 30).toBe(true);
  });

  it('lets go in time of what does not move, and does not count the time for which the process stood still', () => {
    const { assemblies, dropped } = table();
    expect(assemblies.deadline()).toBe(NEVER);
    assemblies.touch(0, terms(one, 100));
    assemblies.touch(0, terms(one, 200));
    expect(assemblies.deadline()).toBe(10_000);
    assemblies.touch(6000, terms(one, 200));
    assemblies.handleTimeout(9999);
    expect(dropped).toEqual([]);
    assemblies.handleTimeout(10_000);
    expect(dropped.map(({ assembly, why }) => [assembly.end, why])).toEqual([[100, 'assembly-timeout']]);
    expect(assemblies.deadline()).toBe(16_000);
    assemblies.forgive(3000);
    assemblies.handleTimeout(16_000);
    expect([dropped.length, assemblies.deadline()]).toEqual([1, 19_000]);
    assemblies.handleTimeout(19_000);
    expect([dropped.length, assemblies.bytes, assemblies.deadline()]).toEqual([2, 0, NEVER]);
  });

  it.each([
    ['another bucket', { bucket: 8 }],
    ['a question', { bucket: undefined }],
    ['another length', { totalBytes: LONGEST - 1 }],
  ])('lets go of what is contradicted: %s', (_what, parts) => {
    const { assemblies, dropped } = table();
    const first = assemblies.touch(0, terms(one, 100));
    expect(assemblies.touch(1, terms(one, 100, parts))).toBeUndefined();
    expect(dropped).toEqual([{ assembly: first, why: 'assembly-conflict' }]);
    expect(assemblies.bytes).toBe(0);
  });

  it('knows which of them a resync covers that came since they began', () => {
    const { assemblies } = table();
    const [first, second, question] = [
      assemblies.touch(0, terms(one, 100)),
      assemblies.touch(0, terms(one, 200, { bucket: 9 })),
      assemblies.touch(0, terms(one, 300, { bucket: undefined })),
    ];
    const buckets = new BucketSet();
    buckets.add(9);
    assemblies.cover(buckets);
    expect([first, second, question].map((assembly) => assembly?.isCovered)).toEqual([false, true, false]);
    assemblies.cover('all');
    expect([first, second, question].map((assembly) => assembly?.isCovered)).toEqual([true, true, true]);
    expect(assemblies.touch(0, terms(one, 400))?.isCovered).toBe(false);
  });
});

const nodeIdsOfMad: ReadonlySet<NodeId> = new Set(Array.from({ length: 19 }, (_, index) => nodeIdOf((index + 1) * 10)));
