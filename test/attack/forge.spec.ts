import { afterEach, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { MARKED, until } from './support/attacker.js';
import { Battlefield, expectTraffic, type Node, standing } from './support/battlefield.js';
import { Insider } from './support/insider.js';
import { GUESSED, seal, SECRET } from './support/seal.js';
import * as wire from './support/wire.js';

const field = new Battlefield();
afterEach(() => field.close());

/** What was dropped at the node since the call, by reason, markers left out. */
function losses({ bus }: Node): () => Record<string, number> {
  const before = bus.metrics().dropped;
  return () => {
    const lost: Record<string, number> = {};
    for (const [reason, count] of Object.entries(bus.metrics().dropped)) {
      const more = count - (before[reason] ?? 0);
      if (reason !== MARKED && more > 0) lost[reason] = more;
    }
    return lost;
  };
}

/** In the name of a member, of another one's, and of nobody: one of everything. */
function forgeries(nodes: readonly Node[]): readonly Buffer[] {
  const [, member, third] = nodes.map(({ bus }) => wire.idBytes(bus.id));
  const victim = { host: '127.0.0.1', port: 9 };
  return [member!, third!, wire.randomId()].flatMap((sender) => [
    ...wire.everything({ sender, third: sender === third ? member! : third!, victim }),
    ...wire.v1Everything(sender, victim),
  ]);
}

describe('in a sealed mesh', () => {
  it.each(['unicast', 'group'])('nothing plain is taken, in whose name ever, by %s', async (way) => {
    const nodes = await field.mesh(3, { secret: SECRET });
    const [target] = nodes;
    const attacker = await field.attackers.open();
    const before = nodes.map(standing);
    const lost = losses(target!);
    const forged = forgeries(nodes);
    if (way === 'unicast') await attacker.strike(target!.bus, forged);
    else await attacker.strikeGroup(target!.bus, forged, field.port);
    expect(nodes.map(standing)).toEqual(before);
    expect(lost()).toEqual({ plain: forged.length });
    expect(attacker.captured).toEqual([]);
    await expectTraffic(nodes, 'after');
  });

  it.each(['unicast', 'group'])('nothing that was sealed with a guessed key is taken, by %s', async (way) => {
    const nodes = await field.mesh(3, { secret: SECRET });
    const [target] = nodes;
    const attacker = await field.attackers.open();
    const before = nodes.map(standing);
    const lost = losses(target!);
    // As a stranger, and with the header's key id of the true secret, so that each is tried; counters of every size.
    const forged = forgeries(nodes).flatMap((plain, index) => [
      seal(plain, { secret: GUESSED, counter: 1 + index }),
      seal(plain, { secret: GUESSED, claimedSecret: SECRET, counter: 100_000 + index }),
      seal(plain, { secret: GUESSED, claimedSecret: SECRET, counter: 2 ** 48 - 1 - index }),
    ]);
    if (way === 'unicast') await attacker.strike(target!.bus, forged);
    else await attacker.strikeGroup(target!.bus, forged, field.port);
    expect(nodes.map(standing)).toEqual(before);
    const reasons = lost();
    expect(sum(reasons)).toBe(forged.length);
    // Who is known is tried each time; who is not, ten times.
    expect(reasons.forged).toBeGreaterThanOrEqual((forged.length / 3) * (2 / 3));
    expect(Object.keys(reasons).sort()).toEqual(
      ['forged', 'opening-budget', 'replayed', 'unknown-key'].filter((one) => one in reasons),
    );
    expect(attacker.captured).toEqual([]);
    await expectTraffic(nodes, 'after');
  });

  it('does not take what a node of another mesh with the same secret has sealed, not even under its tag', async () => {
    const [node, other] = await field.mesh(2, { secret: SECRET });
    const attacker = await field.attackers.open();
    const before = [node!, other!].map(standing);
    const forged = forgeries([node!, other!, other!]).map((plain, index) =>
      seal(plain, { cluster: 'neighbour', claimedCluster: 'default', counter: 100_000 + index }),
    );
    const lost = losses(node!);
    await attacker.strike(node!.bus, forged);
    expect([node!, other!].map(standing)).toEqual(before);
    const reasons = lost();
    expect(sum(reasons)).toBe(forged.length);
    expect(sum({ ...reasons, forged: 0, 'opening-budget': 0 })).toBe(0);
    await expectTraffic([node!, other!], 'after');
  });

  it('opens nothing of a mesh with the same secret whose tag looks the same', async () => {
    const tag = wire.fnv1a('default') & 0xffff;
    let number = 0;
    while ((wire.fnv1a(`neighbour ${number}`) & 0xffff) !== tag) number++;
    const node = await field.node({ secret: SECRET });
    const neighbour = await field.node({ secret: SECRET, cluster: `neighbour ${number}`, heartbeat: 100 });
    await until(() => (node.bus.metrics().dropped.forged ?? 0) >= 3, 'the neighbour has been heard');
    // What opened would be dropped as of another cluster.
    expect(node.bus.metrics().dropped['other-cluster']).toBeUndefined();
    expect([...node.bus.peers(), ...neighbour.bus.peers()]).toEqual([]);
  });

  it('tries a stranger’s forgeries ten times, and a member’s every time', async () => {
    const [node, member] = await field.mesh(2, { secret: SECRET });
    const attacker = await field.attackers.open();
    const lost = losses(node!);
    const garbage = (sender: Buffer): Buffer[] =>
      Array.from({ length: 200 }, (_, index) =>
        seal(wire.datagram(wire.Type.batch, sender, randomBytes(60)), {
          ...{ secret: GUESSED, claimedSecret: SECRET, counter: 100_000 + index },
        }),
      );
    await attacker.strike(node!.bus, garbage(wire.randomId()));
    const tried = lost().forged ?? 0;
    expect(tried).toBeGreaterThanOrEqual(10);
    // Ten, and one for each second that this has taken.
    expect(tried).toBeLessThanOrEqual(30);
    await attacker.strike(node!.bus, garbage(wire.idBytes(member!.bus.id)));
    expect((lost().forged ?? 0) - tried).toBe(200);
    await expectTraffic([node!, member!], 'after');
  });

  it('is not muted for a newcomer by forgeries in its name from elsewhere', async () => {
    const port = field.port + 1;
    const node = await field.node({ secret: SECRET, group: false });
    // From the host of the newcomer, in the name of every id: it can not be known beforehand.
    const attacker = await field.attackers.open('127.0.0.2');
    const forged = Array.from({ length: 2000 }, (_, index) =>
      seal(wire.hello(wire.randomId()), { secret: GUESSED, claimedSecret: SECRET, counter: 1 + index }),
    );
    const lost = losses(node);
    await attacker.strike(node.bus, forged);
    // The source is at its end: 500 at once.
    expect(lost()['opening-budget']).toBeGreaterThan(0);
    const newcomer = await field.node({ secret: SECRET, group: false, port, peers: [node.bus.address!] });
    await newcomer.bus.waitForPeers(1, { timeout: 10_000 });
    await expectTraffic([node, newcomer], 'after');
  });
});

describe('in a mesh on its way to be sealed', () => {
  it.each(['send-both', 'accept-plain'] as const)(
    'nothing plain is taken in the name of who was heard sealed (%s)',
    async (secretMode) => {
      const strict = await field.node({ secret: SECRET, secretMode: 'send-both' });
      const node = await field.node({ secret: SECRET, secretMode });
      await Promise.all([strict.bus.waitForPeers(1), node.bus.waitForPeers(1)]);
      // Behind an event that came sealed it has been heard sealed for sure.
      await strict.bus.publish('true');
      await node.keys.find((key) => key === 'true');
      const attacker = await field.attackers.open();
      const before = standing(node);
      const lost = losses(node);
      const victim = { host: '127.0.0.1', port: 9 };
      const sender = wire.idBytes(strict.bus.id);
      const forged = [
        ...wire.everything({ sender, third: wire.randomId(), victim, sequence: 2 }),
        ...wire.v1Everything(sender, victim),
      ];
      await attacker.strike(node.bus, forged);
      expect(standing(node)).toEqual(before);
      expect(lost().downgrade).toBeGreaterThanOrEqual(forged.length);
    },
  );
});

describe('in a plain mesh', () => {
  it('no frame is taken in the name of a member without the nonce that it was given', async () => {
    const nodes = await field.mesh(3);
    const [target, member, third] = nodes;
    const attacker = await field.attackers.open();
    const before = nodes.map(standing);
    const lost = losses(target!);
    const terms = { third: wire.idBytes(third!.bus.id), victim: { host: '127.0.0.1', port: 9 } };
    const forged = wire.frames({ ...terms, sender: wire.idBytes(member!.bus.id) });
    await attacker.strike(target!.bus, [...forged, ...forged.map((bytes) => Buffer.from(bytes))]);
    expect(nodes.map(standing)).toEqual(before);
    expect(lost()['wrong-nonce']).toBe(2 * forged.length);
    await expectTraffic(nodes, 'after');
  });

  it('nothing of a stranger is taken, whatever it says', async () => {
    const nodes = await field.mesh(3);
    const [target, member, third] = nodes;
    const attacker = await field.attackers.open();
    const before = nodes.map(standing);
    const terms = { third: wire.idBytes(third!.bus.id), victim: { host: '127.0.0.1', port: 9 } };
    await attacker.strike(target!.bus, wire.everything({ ...terms, sender: wire.randomId() }));
    expect(nodes.map(standing)).toEqual(before);
    expect(member!.bus.metrics().left).toBe(0);
    await expectTraffic(nodes, 'after');
  });

  it('nothing in v1’s way is taken in the name of a member', async () => {
    const nodes = await field.mesh(2);
    const [target, member] = nodes;
    const attacker = await field.attackers.open();
    const before = nodes.map(standing);
    const lost = losses(target!);
    const sender = wire.idBytes(member!.bus.id);
    await attacker.strike(target!.bus, wire.v1Everything(sender, { host: '127.0.0.1', port: 9 }));
    expect(nodes.map(standing)).toEqual(before);
    expect(lost()).toEqual({ downgrade: 3 });
  });

  it('a member can not repeat in another’s name what is not missing, nor end another’s membership', async () => {
    const nodes = await field.mesh(3);
    const [target, member, third] = nodes;
    await expectTraffic(nodes, 'before');
    const insider = new Insider(await field.attackers.open());
    await insider.join(target!.bus);
    const before = nodes.map(standing);
    const lost = losses(target!);
    const nonce = insider.nonceOf(target!.bus);
    const [name, other] = [wire.idBytes(member!.bus.id), wire.idBytes(third!.bus.id)];
    const invented = [2, 3, 500, 2 ** 40].map((sequence) => wire.batch(name, ['forged'], { sequence }));
    await insider.strike(target!.bus, [
      ...invented.map((original) => wire.repair(insider.id, nonce, original)),
      // Its own nonce under another's name.
      ...wire.frames({ sender: name, third: other, victim: { host: '127.0.0.1', port: 9 }, nonce }),
    ]);
    expect(nodes.map(standing)).toEqual(before);
    expect(lost()['not-missing']).toBe(invented.length);
    expect(lost()['wrong-nonce']).toBe(
      wire.frames({ sender: name, third: other, victim: { host: '', port: 0 } }).length,
    );
    await expectTraffic(nodes, 'after');
  });
});

describe('a source outside of allow', () => {
  it.each([
    ['sealed', { secret: SECRET }],
    ['plain', {}],
  ])('is not heard at all (%s)', async (_name, options) => {
    const nodes = await field.mesh(2, { ...options, allow: ['127.0.0.1/32'] });
    const [target] = nodes;
    const outside = await field.attackers.open('127.0.0.66');
    const before = nodes.map(standing);
    const lost = losses(target!);
    const to = wire.addressOf(target!.bus.address);
    const forged = forgeries([target!, target!, target!]);
    for (const bytes of forged) outside.send(bytes, to);
    await until(() => (lost()['refused-source'] ?? 0) >= forged.length, 'all has been refused');
    expect(nodes.map(standing)).toEqual(before);
    expect(lost()).toEqual({ 'refused-source': forged.length });
    expect(outside.captured).toEqual([]);
    await expectTraffic(nodes, 'after');
  });
});

function sum(counts: Record<string, number>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}
