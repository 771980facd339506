import { afterEach, describe, expect, it } from '@jest/globals';
import { type Attacker, until } from './support/attacker.js';
import { Battlefield, expectTraffic, MESHES, type Node } from './support/battlefield.js';
import { Insider } from './support/insider.js';
import { GUESSED, seal, SECRET, typeOf } from './support/seal.js';
import * as wire from './support/wire.js';

const field = new Battlefield();
afterEach(() => field.close());

/** The address is not greeted any more: all that it will ever get has been sent. */
async function forgotten({ bus }: Node): Promise<void> {
  await until(() => bus.snapshot().unverifiedPeers === 0, 'strangers are forgotten');
}

function bytesOf(datagrams: readonly Buffer[]): number {
  return datagrams.reduce((sum, bytes) => sum + bytes.length, 0);
}

/** What a node with that seed sends to it: greetings, and its heartbeats. */
async function recording(secret: string, count: number): Promise<readonly Buffer[]> {
  const ear = await field.attackers.open();
  const speaker = { secret, group: false, port: field.port + 9, heartbeat: 100, peers: [ear.endpoint] } as const;
  await field.node(speaker);
  await until(() => ear.captured.length >= count, 'the node has spoken');
  return ear.captured.map(({ bytes }) => bytes);
}

describe.each(MESHES)('who has proved no address, in a %s mesh,', (kind, options) => {
  it('draws three times its bytes at most', async () => {
    const nodes = await field.mesh(2, { ...options, group: false, heartbeat: 100, peers: [`127.0.0.1:${field.port}`] });
    const [target, third] = nodes.map(({ bus }) => wire.idBytes(bus.id));
    const victim = await field.attackers.open();
    const sealed = kind === 'sealed' ? await recording(SECRET, 20) : [];
    const inventions = Array.from({ length: 20 }, () =>
      wire.everything({ sender: wire.randomId(), third: third!, victim: victim.address }),
    ).flat();
    const named = wire.everything({ sender: third!, third: target!, victim: victim.address });
    for (const [name, datagrams] of Object.entries({ sealed, inventions, named })) {
      if (datagrams.length === 0) continue;
      const attacker = await field.attackers.open();
      await attacker.strike(nodes[0]!.bus, datagrams);
      await forgotten(nodes[0]!);
      expect({ name, most: Math.max(attacker.bytesHeard, 3 * bytesOf(datagrams)) }).toEqual({
        ...{ name, most: 3 * bytesOf(datagrams) },
      });
      // What is understood is answered: silence would prove nothing.
      if (name === 'sealed' || kind === 'plain') expect(attacker.bytesHeard).toBeGreaterThan(0);
      else expect(attacker.bytesHeard).toBe(0);
      expect(attacker.captured.map(({ bytes }) => typeOf(bytes)).filter((type) => !isGreeting(type))).toEqual([]);
    }
    expect(victim.captured).toEqual([]);
    await expectTraffic(nodes, 'after');
  }, 30_000);

  it('draws three times the bytes of one small datagram at most', async () => {
    const node = await field.node({ ...options, group: false, heartbeat: 100 });
    const recorded = kind === 'sealed' ? await recording(SECRET, 1) : [];
    const stranger = wire.randomId();
    const small = [...recorded.slice(0, 1), wire.heartbeat(stranger, { address: '' }), wire.batch(stranger, [])];
    for (const bytes of kind === 'sealed' ? small.slice(0, 1) : small) {
      const attacker = await field.attackers.open();
      await attacker.strike(node.bus, [bytes]);
      await forgotten(node);
      expect(attacker.bytesHeard).toBeLessThanOrEqual(3 * bytes.length);
    }
  }, 30_000);

  it('does not make a node send to a third address', async () => {
    const nodes = await field.mesh(2, { ...options, heartbeat: 100 });
    const [target, third] = nodes.map(({ bus }) => wire.idBytes(bus.id));
    const [attacker, victim] = [await field.attackers.open(), await field.attackers.open()];
    const forged = [target!, third!, wire.randomId()].flatMap((sender) =>
      wire.everything({ sender, third: third!, victim: victim.address }),
    );
    const guessed = forged.map((plain, index) =>
      seal(plain, { secret: GUESSED, claimedSecret: SECRET, counter: 1 + index }),
    );
    for (let round = 0; round < 5; round++) {
      await attacker.strike(nodes[0]!.bus, [...forged, ...guessed]);
      await attacker.strikeGroup(nodes[0]!.bus, [...forged, ...guessed], field.port);
    }
    await forgotten(nodes[0]!);
    await expectTraffic(nodes, 'after');
    expect(victim.captured).toEqual([]);
  }, 30_000);
});

describe('a greeting to the group', () => {
  it('is answered by some of ten nodes, and not by all each time', async () => {
    const nodes = await field.mesh(10, { heartbeat: 1000 });
    const attackers: Attacker[] = [];
    for (let index = 0; index < 60; index++) attackers.push(await field.attackers.open());
    const greeting = (): Buffer => wire.hello(wire.randomId(), { flags: wire.HelloFlag.toGroup });
    for (const attacker of attackers) await attacker.strikeGroup(nodes[0]!.bus, [greeting()], field.port);
    await Promise.all(nodes.map(forgotten));
    const answerers = attackers.map(({ captured }) => new Set(captured.map(({ from }) => from.port)).size);
    const answers = answerers.reduce((sum, count) => sum + count, 0);
    // Each answers with a probability of 0.8, the mean of 600 is 480 and their deviation 10. Without a choice it is 600.
    expect(answers).toBeLessThan(540);
    expect(answers).toBeGreaterThan(420);
    const length = greeting().length;
    for (const [index, attacker] of attackers.entries()) {
      expect(attacker.bytesHeard).toBeLessThanOrEqual(answerers[index]! * 3 * length);
    }
  }, 60_000);

  it('that is no greeting of this mesh is answered by none of ten', async () => {
    const nodes = await field.mesh(10, { secret: SECRET, heartbeat: 1000 });
    const attacker = await field.attackers.open();
    const plain = wire.hello(wire.randomId(), { flags: wire.HelloFlag.toGroup });
    const guessed = seal(plain, { secret: GUESSED, claimedSecret: SECRET, counter: 1 });
    await attacker.strikeGroup(nodes[0]!.bus, [plain, guessed], field.port);
    const refused = ({ bus }: Node): boolean => (bus.metrics().dropped.forged ?? 0) >= 1;
    await until(() => nodes.every(refused), 'all have refused it');
    await expectTraffic(nodes, 'after');
    expect(attacker.captured).toEqual([]);
  }, 60_000);
});

describe.each([
  ['plain mesh', undefined],
  ['sealed mesh, with the secret', SECRET],
])('a member of a %s', (_name, secret) => {
  it('makes a node send to a third address eight small greetings, for each time that it names it', async () => {
    const options = secret === undefined ? {} : { secret };
    const nodes = await field.mesh(2, { ...options, group: false, heartbeat: 100, peers: [`127.0.0.1:${field.port}`] });
    const [target, other] = nodes;
    const insider = new Insider(await field.attackers.open(), secret);
    await insider.join(target!.bus);
    const [victim, elsewhere] = [await field.attackers.open(), await field.attackers.open()];
    const nonce = insider.nonceOf(target!.bus);
    const terms = { sender: insider.id, third: wire.idBytes(other!.bus.id), nonce };
    const silent = wire
      .everything({ ...terms, victim: elsewhere.address })
      .filter((bytes) => bytes[1] !== wire.Type.peers && bytes[1] !== wire.Type.leave);
    await insider.strike(target!.bus, silent);
    await insider.strike(target!.bus, [wire.peers(insider.id, nonce, [{ id: wire.randomId(), ...victim.address }])]);
    await until(() => target!.bus.snapshot().unverifiedPeers > 0, 'the victim is greeted');
    await forgotten(target!);
    expect(victim.captured.map(({ bytes }) => typeOf(bytes))).toEqual(Array.from({ length: 8 }, () => wire.Type.hello));
    expect(Math.max(...victim.captured.map(({ bytes }) => bytes.length))).toBeLessThanOrEqual(166 + 26);
    expect(new Set(victim.captured.map(({ from }) => from.port)).size).toBe(1);
    expect(elsewhere.captured).toEqual([]);
  }, 60_000);
});

function isGreeting(type: number | undefined): boolean {
  return type === wire.Type.hello || type === wire.Type.helloAck;
}
