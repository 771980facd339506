import { describe, expect, it } from '@jest/globals';

import { NodeContext } from '../../../lib/core/node-context.js';
import { Roster } from '../../../lib/core/roster.js';
import type { Member } from '../../../lib/membership/member.js';
import { randomNodeId, simulatedConfig } from '../../../lib/simulation/simulated-config.js';
import { SeededRandom } from '../../../lib/primitives/seeded-random.js';
import { limits } from '../../support/limits.js';

const LIMITS = limits({ peers: 50, unverifiedPeers: 50 });
const DAY = 24 * 3_600_000;

function setUp(): {
  context: NodeContext;
  roster: Roster;
  admit: (now: number, host: number, highest?: number) => Member;
} {
  const random = new SeededRandom(1);
  const context = new NodeContext({ ...simulatedConfig(random, false), limits: LIMITS });
  const roster = new Roster(context);
  const admit = (now: number, host: number, highest = 0): Member => {
    const endpoint = `10.1.${host >> 8}.${host & 255}:7946`;
    const said = { advertised: endpoint, zone: undefined, client: false, heartbeatMs: 5000 };
    const facts = { id: randomNodeId(random), endpoint, ...said, ourNonce: 1n, theirNonce: 2n };
    const member = roster.admit(now, facts, highest);
    if (member === undefined) throw new Error('refused');
    roster.confirm(member);
    return member;
  };
  return { context, roster, admit };
}

describe('Roster', () => {
  it('forgets what was heard of a member a day after it has gone, and says so', () => {
    const { context, roster, admit } = setUp();
    const member = admit(0, 1);
    roster.depart(1000, member, 'dead');
    roster.forget(1000 + DAY);
    const stream = context.streams.get(member.id);
    expect([stream?.id, roster.takeReplaced()]).toEqual([member.id, []]);
    roster.forget(1001 + DAY);
    expect([context.streams.has(member.id), roster.takeReplaced()]).toEqual([false, [stream]]);
    expect(context.members.departed(member.id)).toBeUndefined();
  });

  it('looks for a member where it fell silent for a day, and not where one said goodbye', () => {
    const { context, roster, admit } = setUp();
    roster.depart(0, admit(0, 1), 'dead');
    roster.depart(0, admit(0, 2), 'left', 5);
    roster.forget(DAY);
    expect([...context.members.lostEndpoints()]).toEqual(['10.1.0.1:7946']);
    roster.forget(DAY + 1);
    expect([...context.members.lostEndpoints()]).toEqual([]);
  });

  it('keeps no more streams than members and those it remembers, however many come and go', () => {
    const { context, roster, admit } = setUp();
    for (let host = 0; host < 20_000; host++) {
      roster.depart(host, admit(host, host % 60_000), host % 2 === 0 ? 'dead' : 'left', host % 2 === 0 ? undefined : 1);
      roster.takeConfirmed();
      while (context.events.take() !== undefined) continue;
    }
    expect(context.streams.size).toBeLessThanOrEqual(2 * LIMITS.peers);
    expect([...context.members.lostEndpoints()].length).toBeLessThanOrEqual(LIMITS.peers);
  });

  it.each([
    { readyAt: undefined, highest: 5, top: 5, lost: undefined },
    { readyAt: 0, highest: 64, top: 0, lost: undefined },
    { readyAt: 0, highest: 65, top: 65, lost: { from: 1, to: 65 } },
  ])('follows a newcomer of $highest datagrams from $top on (ready at $readyAt)', ({ readyAt, highest, top, lost }) => {
    const { context, admit } = setUp();
    context.readyAt = readyAt;
    const { id } = admit(0, 1, highest);
    const stream = context.streams.get(id);
    expect([stream?.window.top, stream?.window.lost, stream?.cause]).toEqual([top, lost, 'join']);
  });

  it('goes on with one that comes back where it stood', () => {
    const { context, roster, admit } = setUp();
    context.readyAt = 0;
    const member = admit(0, 1, 2);
    const stream = context.streams.get(member.id);
    stream?.see(1);
    roster.depart(1, member, 'dead');
    expect(roster.takeDepartures()).toEqual([{ member, how: 'dead' }]);
    roster.admit(2, member, 9);
    expect(context.streams.get(member.id)).toBe(stream);
    expect([stream?.cause, stream?.window.top, roster.takeDepartures()]).toEqual(['heal', 1, []]);
  });

  it.each([
    { hours: 17.9, raised: [] },
    { hours: 18, raised: [{ kind: 'resync', reason: 'heal', buckets: 'all' }] },
  ])('raises $raised.length resyncs when one comes back after $hours hours', ({ hours, raised }) => {
    const { context, roster, admit } = setUp();
    context.readyAt = 0;
    const member = admit(0, 1, 2);
    roster.depart(1, member, 'dead');
    roster.admit(1 + hours * 3_600_000, member, 2);
    const events = [];
    for (let event = context.events.take(); event !== undefined; event = context.events.take()) events.push(event);
    expect(events.filter(({ kind }) => kind === 'resync')).toMatchObject(raised);
  });

  it('counts who joined, left and was lost, once each', () => {
    const { context, roster, admit } = setUp();
    const [stays, leaves, dies] = [admit(0, 1), admit(0, 2), admit(0, 3)];
    roster.confirm(stays);
    roster.depart(1, leaves, 'left', 1);
    roster.depart(1, dies, 'dead');
    expect(context.counters.values).toMatchObject({ joined: 3, left: 1, lost: 1 });
    expect(roster.lastWasLost).toBe(true);
  });

  it('tells growth and newcomers once', () => {
    const { roster, admit } = setUp();
    expect([roster.takeGrowth(), roster.takeConfirmed()]).toEqual([false, []]);
    const member = admit(0, 1);
    expect([roster.takeGrowth(), roster.takeConfirmed()]).toEqual([true, [member]]);
    expect([roster.takeGrowth(), roster.takeConfirmed()]).toEqual([false, []]);
  });

  it('greets seeds at which nobody lives, and never itself', () => {
    const { context, roster, admit } = setUp();
    const { endpoint } = admit(0, 1);
    context.endpoints = ['10.0.0.1:7946', '192.168.0.1:7946'];
    context.selfEndpoints.add('203.0.113.1:7946');
    context.seeds = new Set([...context.endpoints, '203.0.113.1:7946', endpoint, '10.0.0.9:7946']);
    roster.greetSeeds(0);
    expect([context.greetings.size, context.greetings.at('10.0.0.9:7946')?.reason]).toEqual([1, 'seed']);
  });
});
