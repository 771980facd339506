import { afterEach, describe, expect, it } from '@jest/globals';
import { until } from './support/attacker.js';
import { Battlefield, expectTraffic, MESHES, type Node } from './support/battlefield.js';
import { Insider } from './support/insider.js';
import { GUESSED, seal, SECRET } from './support/seal.js';
import * as wire from './support/wire.js';

const field = new Battlefield();
afterEach(() => field.close());

const FAR = 2 ** 47;

/** Sequences and floors out of all reason, or just within reach, in a member's name. */
function poison(sender: Buffer, known: number): readonly Buffer[] {
  const far = [FAR, 2 ** 48 - 2, known + 5000, known + 1025, known + 1024, known + 900];
  return far.flatMap((sequence) => [
    wire.batch(sender, [], { sequence }),
    wire.batch(sender, [], { sequence, floor: FAR }),
    wire.batch(sender, [], { sequence, floor: 0 }),
    wire.matching(sender, [], { sequence }),
    wire.heartbeat(sender, { sequence, floor: FAR }),
    wire.heartbeat(sender, { sequence, floor: 0 }),
    wire.heartbeat(sender, { sequence, heard: [{ about: sender, highest: sequence }] }),
    wire.beacon(sender, 0n, sender, { highest: sequence, floor: sequence }),
    wire.repair(sender, 0n, wire.batch(sender, [], { sequence }), 4),
  ]);
}

/** Questions that the node asked since the call, and may have: ten a second for each member, and some for true losses. */
function questions({ bus }: Node): () => { readonly asked: number; readonly allowed: number } {
  const [asked, since] = [bus.metrics().nacksSent, performance.now()];
  return () => ({
    asked: bus.metrics().nacksSent - asked,
    allowed: 100 + ((performance.now() - since) / 1000) * 60,
  });
}

describe.each(MESHES)('forged sequences in a %s mesh', (kind, options) => {
  it('mute no member, and make no flood of questions', async () => {
    const nodes = await field.mesh(3, options);
    await expectTraffic(nodes, 'before');
    const [target, member] = nodes;
    const sender = wire.idBytes(member!.bus.id);
    const attacker = await field.attackers.open();
    const asked = questions(target!);
    const forged = poison(sender, 1).map((plain, index) =>
      kind === 'plain' ? plain : seal(plain, { secret: GUESSED, claimedSecret: SECRET, counter: 5000 + index }),
    );
    for (let round = 0; round < 20; round++) {
      await attacker.strike(target!.bus, forged);
      await expectTraffic([member!, target!], `round ${round}`);
    }
    // What moved a window within its reach is moved back as soon as the member has been asked.
    await expectTraffic(nodes, 'after');
    const { asked: count, allowed } = asked();
    expect(count).toBeLessThanOrEqual(allowed);
    const { dropped, lost, left } = target!.bus.metrics();
    expect({ lost, left }).toEqual({ lost: 0, left: 0 });
    if (kind === 'plain') expect(dropped['beyond-window']).toBeGreaterThan(0);
    else expect(count).toBeLessThanOrEqual(10);
    expect(target!.resyncs.items.filter(({ all }) => kind === 'sealed' || !all)).toEqual([]);
  }, 60_000);
});

describe.each([
  ['plain mesh', undefined],
  ['sealed mesh, with the secret', SECRET],
])('a member of a %s', (_name, secret) => {
  it('that lies of itself and of others mutes nobody, and makes no flood of questions', async () => {
    const nodes = await field.mesh(3, secret === undefined ? {} : { secret });
    await expectTraffic(nodes, 'before');
    const [target, member, third] = nodes;
    const insider = new Insider(await field.attackers.open(), secret);
    await insider.join(target!.bus);
    const nonce = insider.nonceOf(target!.bus);
    const asked = questions(target!);
    const about = [member!, third!].map(({ bus }) => ({ about: wire.idBytes(bus.id), highest: FAR }));
    for (let round = 0; round < 20; round++) {
      await insider.strike(target!.bus, [
        ...poison(insider.id, 1),
        wire.heartbeat(insider.id, { sequence: FAR, heard: about, gone: about }),
        ...about.map((one) => wire.beacon(insider.id, nonce, one.about, { highest: one.highest })),
        ...about.map((one) => wire.pong(insider.id, nonce, one.about, one.highest)),
        wire.leave(wire.randomId(), nonce, FAR),
      ]);
      await expectTraffic(nodes, `round ${round}`);
    }
    const { asked: count, allowed } = asked();
    expect(count).toBeLessThanOrEqual(allowed);
    expect(target!.bus.metrics()).toMatchObject({ lost: 0, left: 0 });
    await until(() => nodes.every(({ bus }) => bus.isHealthy()), 'all are well');
  }, 60_000);
});
