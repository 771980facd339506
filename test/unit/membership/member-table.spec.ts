import { describe, expect, it } from '@jest/globals';

import { Member } from '../../../lib/membership/member.js';
import { MemberTable } from '../../../lib/membership/member-table.js';
import type { NodeId } from '../../../lib/primitives/node-id.js';
import { randomNodeId } from '../../../lib/simulation/simulated-config.js';
import { SeededRandom } from '../../../lib/primitives/seeded-random.js';

const random = new SeededRandom(1);

function member(endpoint: string, id: NodeId = randomNodeId(random)): Member {
  const facts = { id, endpoint, advertised: endpoint, zone: undefined, client: false, heartbeatMs: 5000 };
  return new Member({ ...facts, ourNonce: 1n, theirNonce: 2n }, 0);
}

function table(departedLimit = 10): MemberTable {
  return new MemberTable(randomNodeId(random), departedLimit);
}

describe('MemberTable', () => {
  it('finds a member by its id and by its address', () => {
    const members = table();
    const one = member('10.0.0.1:1');
    members.add(one);
    expect([members.get(one.id), members.at('10.0.0.1:1'), members.size]).toEqual([one, one, 1]);
    members.remove(one, 5, undefined);
    expect([members.get(one.id), members.at('10.0.0.1:1'), members.size]).toEqual([undefined, undefined, 0]);
  });

  it('gives two nodes that know the same the same digest, in whatever order they met', () => {
    const ids = [randomNodeId(random), randomNodeId(random), randomNodeId(random)] as const;
    const digests = ids.map((self) => {
      const members = new MemberTable(self, 10);
      for (const id of ids) {
        if (id === self) continue;
        const known = member('10.0.0.1:1', id);
        members.add(known);
        members.confirm(known);
      }
      return members.digest();
    });
    expect(digests[0]?.count).toBe(2);
    expect(digests[1]).toEqual(digests[0]);
    expect(digests[2]).toEqual(digests[0]);
  });

  it('speaks in its digest of confirmed members, each once, until they go', () => {
    const members = table();
    const alone = members.digest();
    const one = member('10.0.0.1:1');
    members.add(one);
    expect(members.digest()).toEqual(alone);
    members.confirm(one);
    members.confirm(one);
    expect(members.digest()).toMatchObject({ count: 1 });
    expect(members.digest().hash).not.toBe(alone.hash);
    expect(members.confirmedCount).toBe(1);
    members.remove(one, 0, undefined);
    expect(members.digest()).toEqual(alone);
  });

  it('has a hash of six bytes', () => {
    for (let round = 0; round < 1000; round++) {
      const { hash } = table().digest();
      expect(Number.isSafeInteger(hash) && hash >= 0 && hash < 2 ** 48).toBe(true);
    }
  });

  it('moves a member, and knows its former address to be its own', () => {
    const members = table();
    const one = member('10.0.0.1:1');
    members.add(one);
    members.move(one, '10.0.0.2:1');
    expect(one.endpoint).toBe('10.0.0.2:1');
    expect([members.at('10.0.0.1:1'), members.at('10.0.0.2:1')]).toEqual([one, one]);
    members.move(one, '10.0.0.1:1');
    expect(one).toMatchObject({ endpoint: '10.0.0.1:1', aliases: ['10.0.0.2:1'] });
    members.remove(one, 0, undefined);
    expect([members.at('10.0.0.1:1'), members.at('10.0.0.2:1')]).toEqual([undefined, undefined]);
  });

  it('keeps eight further addresses of a member, the latest', () => {
    const members = table();
    const one = member('10.0.0.1:1');
    members.add(one);
    for (let alias = 0; alias < 12; alias++) members.alias(one, `10.0.1.${alias}:1`);
    members.alias(one, '10.0.0.1:1');
    members.alias(one, '10.0.1.11:1');
    expect(one.aliases).toHaveLength(8);
    expect(Array.from({ length: 12 }, (_, alias) => members.at(`10.0.1.${alias}:1`) === one)).toEqual([
      ...[false, false, false, false],
      ...[true, true, true, true, true, true, true, true],
    ]);
  });

  it('leaves an address to whoever took it over', () => {
    const members = table();
    const old = member('10.0.0.1:1');
    const heir = member('10.0.0.1:1');
    members.add(old);
    members.add(heir);
    members.remove(old, 0, undefined);
    expect(members.at('10.0.0.1:1')).toBe(heir);
  });

  it('remembers who left, with its last sequence, and who fell silent', () => {
    const members = table();
    const left = member('10.0.0.1:1');
    const silent = member('10.0.0.2:1');
    for (const one of [left, silent]) members.add(one);
    members.remove(left, 100, 42);
    members.remove(silent, 200, undefined);
    expect(members.departed(left.id)).toMatchObject({ at: 100, leftAt: 42, endpoint: '10.0.0.1:1' });
    expect(members.departed(silent.id)).toMatchObject({ at: 200, leftAt: undefined });
    expect([...members.lostEndpoints()]).toEqual(['10.0.0.2:1']);
    members.add(silent);
    expect(members.departed(silent.id)).toBeUndefined();
    expect([...members.lostEndpoints()]).toEqual([]);
  });

  it('knows who said goodbye lately, and may repeat what it said', () => {
    const members = table();
    const [left, silent] = [member('10.0.0.1:1'), member('10.0.0.2:1')];
    for (const one of [left, silent]) members.add(one);
    expect(members.lingering(left.id, 0)).toBeUndefined();
    members.remove(left, 100, 42);
    members.remove(silent, 100, undefined);
    expect([members.lingering(left.id, 100), members.lingering(left.id, 101)]).toEqual([left, undefined]);
    expect(members.lingering(silent.id, 0)).toBeUndefined();
    expect([...members.departedValues()].map((gone) => gone.member)).toEqual([left, silent]);
  });

  it('looks no more for one that came back elsewhere, nor where somebody else lives now', () => {
    const members = table();
    const [one, other] = [member('10.0.0.1:1'), member('10.0.0.2:1')];
    for (const lost of [one, other]) {
      members.add(lost);
      members.remove(lost, 0, undefined);
    }
    members.add(member('10.0.0.9:1', one.id));
    expect([...members.lostEndpoints()]).toEqual(['10.0.0.2:1']);
    members.add(member('10.0.0.2:1'));
    expect([...members.lostEndpoints()]).toEqual([]);
  });

  it('forgets the longest gone when they are too many, and says whom', () => {
    const members = table(2);
    const gone = [1, 2, 3].map((host) => member(`10.0.0.${host}:1`));
    const forgotten = gone.map((one, index) => {
      members.add(one);
      return members.remove(one, index, undefined);
    });
    expect(forgotten).toEqual([undefined, undefined, gone[0]?.id]);
    expect(members.departed(gone[0]!.id)).toBeUndefined();
    expect([...members.lostEndpoints()]).toEqual(['10.0.0.2:1', '10.0.0.3:1']);
  });

  it('counts from the last time when two fall silent at one address', () => {
    const members = table();
    const [one, other, third] = [member('10.0.0.1:1'), member('10.0.0.2:1'), member('10.0.0.3:1')];
    for (const each of [one, other, third]) members.add(each);
    members.remove(one, 0, undefined);
    members.remove(other, 50, undefined);
    members.move(third, '10.0.0.1:1');
    members.remove(third, 100, undefined);
    members.forgetLost(60);
    expect([...members.lostEndpoints()]).toEqual(['10.0.0.1:1']);
  });

  it('forgets with time', () => {
    const members = table();
    const gone = [1, 2, 3].map((host) => member(`10.0.0.${host}:1`));
    gone.forEach((one, index) => {
      members.add(one);
      members.remove(one, index * 100, undefined);
    });
    const forgotten: NodeId[] = [];
    members.forgetDeparted(200, (id) => forgotten.push(id));
    expect(forgotten).toEqual([gone[0]?.id, gone[1]?.id]);
    expect(members.departed(gone[2]!.id)).toBeDefined();
    expect([...members.lostEndpoints()]).toHaveLength(3);
    members.forgetLost(200);
    expect([...members.lostEndpoints()]).toEqual(['10.0.0.3:1']);
  });
});

describe('Member', () => {
  it('is heard by the group for two of its heartbeats', () => {
    const one = member('10.0.0.1:1');
    expect(one.isHeardByGroup(0)).toBe(false);
    one.heardByGroupAt = 1000;
    expect([one.isHeardByGroup(11_000), one.isHeardByGroup(11_001)]).toEqual([true, false]);
  });

  it('hears the group until its word has run out', () => {
    const one = member('10.0.0.1:1');
    expect(one.hearsGroup(0)).toBe(false);
    one.hearsGroupUntil = 100;
    expect([one.hearsGroup(99), one.hearsGroup(100)]).toEqual([true, false]);
  });

  it.each(['move', 'alias'] as const)('looks for nobody where a member was met by %s', (how) => {
    const members = table();
    const lost = member('10.0.0.1:1');
    const found = member('10.0.0.2:1');
    members.add(lost);
    members.add(found);
    members.remove(lost, 0, undefined);
    expect([...members.lostEndpoints()]).toEqual(['10.0.0.1:1']);
    members[how](found, '10.0.0.1:1');
    expect([...members.lostEndpoints()]).toEqual([]);
  });
});
