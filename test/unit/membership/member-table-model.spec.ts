import { describe, expect, it } from '@jest/globals';
import { Member } from '../../../lib/membership/member.js';
import { MemberTable } from '../../../lib/membership/member-table.js';
import { nodeIdBytes, type NodeId } from '../../../lib/primitives/node-id.js';
import { randomBelow } from '../../../lib/primitives/random.js';
import { SeededRandom } from '../../../lib/primitives/seeded-random.js';
import { randomNodeId } from '../../../lib/simulation/simulated-config.js';

const DEPARTED_LIMIT = 12;

function member(id: NodeId, endpoint: string): Member {
  const facts = { id, endpoint, advertised: endpoint, zone: undefined, client: false, heartbeatMs: 5000 };
  return new Member({ ...facts, ourNonce: 1n, theirNonce: 2n }, 0);
}

/** What the digest is by its definition. */
function digestOf(ids: readonly NodeId[], self: NodeId): { readonly count: number; readonly hash: number } {
  let hash = 0n;
  for (const id of [...ids, self]) hash ^= BigInt(`0x${nodeIdBytes(id).subarray(0, 6).toString('hex')}`);
  return { count: ids.length, hash: Number(hash) };
}

function shuffled<T>(items: readonly T[], random: SeededRandom): T[] {
  const keyed = items.map((item) => ({ item, key: random.u32() }));
  return keyed.sort((one, other) => one.key - other.key).map(({ item }) => item);
}

describe('the digest of MemberTable', () => {
  it.each([2, 3, 10, 100])('is one for all of %d nodes that know each other, in whatever order they met', (count) => {
    const random = new SeededRandom(count);
    const ids = Array.from({ length: count }, () => randomNodeId(random));
    const digests = ids.map((self) => {
      const table = new MemberTable(self, DEPARTED_LIMIT);
      for (const [index, id] of shuffled(ids, random).entries()) {
        if (id === self) continue;
        const met = member(id, `10.0.0.${index}:1`);
        table.add(met);
        table.confirm(met);
      }
      return table.digest();
    });
    expect(new Set(digests.map(({ hash }) => hash)).size).toBe(1);
    expect(digests[0]).toEqual(digestOf(ids.slice(1), ids[0]!));
  });

  it('differs wherever one knows one more, one fewer or another', () => {
    const random = new SeededRandom(3);
    const ids = Array.from({ length: 40 }, () => randomNodeId(random));
    const self = ids[0]!;
    const sets = ids.slice(2).flatMap((_, index) => [ids.slice(1, index + 2), ids.slice(index + 2)]);
    const hashes = sets.map((set) => {
      const table = new MemberTable(self, DEPARTED_LIMIT);
      for (const id of set) {
        const met = member(id, '10.0.0.1:1');
        table.add(met);
        table.confirm(met);
      }
      return table.digest().hash;
    });
    expect(new Set(hashes).size).toBe(sets.length);
  });

  it.each([
    ['000000000000', '000000000000', 0],
    ['ffffffffffff', '000000000000', 2 ** 48 - 1],
    ['ffffffffffff', 'ffffffffffff', 0],
    ['800080000000', '000000000001', 0x800080000001],
    ['7fff7fffffff', '800080000000', 2 ** 48 - 1],
  ])('of %s and %s has the hash %d, whatever their signs', (self, other, hash) => {
    const idOf = (hex: string): NodeId => Buffer.from(`${hex}00112233445566778899`, 'hex').toString('latin1') as NodeId;
    const table = new MemberTable(idOf(self), DEPARTED_LIMIT);
    const met = member(idOf(other), '10.0.0.1:1');
    table.add(met);
    table.confirm(met);
    expect(table.digest()).toEqual({ count: 1, hash });
  });
});

describe('MemberTable, under random comings and goings', () => {
  it.each([1, 2, 3])('finds all by id and address, and forgets what it should (seed %d)', (seed) => {
    const random = new SeededRandom(seed);
    const self = randomNodeId(random);
    const ids = Array.from({ length: 40 }, () => randomNodeId(random));
    const table = new MemberTable(self, DEPARTED_LIMIT);
    const gone: NodeId[] = [];
    const said = new Set<NodeId>();
    let fresh = 0;
    let forgottenCount = 0;
    const newEndpoint = (): string => `10.${fresh >> 16}.${(fresh >> 8) & 255}.${fresh++ & 255}:7946`;
    for (let step = 0; step < 2000; step++) {
      const id = ids[randomBelow(random, ids.length)]!;
      const known = table.get(id);
      const action = randomBelow(random, 6);
      if (known === undefined) {
        if (action === 0) {
          table.add(member(id, newEndpoint()));
          if (gone.includes(id)) gone.splice(gone.indexOf(id), 1);
        }
      } else if (action === 1) {
        const leftAt = randomBelow(random, 2) === 0 ? undefined : step;
        const forgotten = table.remove(known, step, leftAt);
        gone.push(id);
        said.delete(id);
        if (leftAt !== undefined) said.add(id);
        if (forgotten !== undefined) forgottenCount++;
        // Who said goodbye goes first.
        const expected = gone.find((one) => said.has(one)) ?? gone[0];
        expect(forgotten).toBe(gone.length > DEPARTED_LIMIT ? expected : undefined);
        if (forgotten !== undefined) gone.splice(gone.indexOf(forgotten), 1);
        for (const endpoint of [known.endpoint, ...known.aliases]) expect(table.at(endpoint)).toBeUndefined();
      } else if (action === 2) table.move(known, newEndpoint());
      else if (action === 3) table.alias(known, newEndpoint());
      else if (action === 4 && known.aliases.length > 0) {
        table.move(known, known.aliases[randomBelow(random, known.aliases.length)]!);
      } else table.confirm(known);
      if (step % 50 === 0) check(table, self, ids, gone);
    }
    expect(fresh).toBeGreaterThan(300);
    expect(table.size).toBeGreaterThan(5);
    expect(forgottenCount).toBeGreaterThan(20);
  });

  function check(table: MemberTable, self: NodeId, ids: readonly NodeId[], gone: readonly NodeId[]): void {
    const members = [...table.values()];
    const confirmed = members.filter((one) => one.confirmed).map(({ id }) => id);
    expect(table.digest()).toEqual(digestOf(confirmed, self));
    expect([table.size, table.confirmedCount]).toEqual([members.length, confirmed.length]);
    for (const one of members) {
      const addresses = [one.endpoint, ...one.aliases];
      expect(addresses.map((endpoint) => table.at(endpoint))).toEqual(addresses.map(() => one));
      expect(new Set(addresses).size).toBe(addresses.length);
      expect(one.aliases.length).toBeLessThanOrEqual(8);
      expect(table.get(one.id)).toBe(one);
    }
    expect(ids.filter((id) => table.departed(id) !== undefined)).toEqual(ids.filter((id) => gone.includes(id)));
    expect([...table.lostEndpoints()].length).toBeLessThanOrEqual(DEPARTED_LIMIT);
  }
});
