import { afterEach, describe, expect, it } from '@jest/globals';
import { until } from './support/attacker.js';
import { Battlefield, expectTraffic, type Node, standing } from './support/battlefield.js';
import { type Recorded, Relay } from './support/relay.js';
import { counterOf, SECRET, typeOf } from './support/seal.js';
import * as wire from './support/wire.js';

const field = new Battlefield();
afterEach(() => field.close());

const OPTIONS = { secret: SECRET, group: false } as const;
const { Type } = wire;
/** What a node says to a member alone, or to one whom it believes. */
const ANSWERS: readonly number[] = [
  ...[Type.batch, Type.beacon, Type.nack, Type.ack, Type.repair, Type.resyncRequest, Type.resync],
  ...[Type.leave, Type.ping, Type.pong, Type.peers],
];

interface Conversation {
  readonly first: Node;
  readonly second: Node;
  readonly relay: Relay;
}

/** Two nodes that have told each other all kinds of things, by way of the attacker. */
async function conversation(): Promise<Conversation> {
  const second = await field.node(OPTIONS);
  const relay = await Relay.open(field.attackers, wire.addressOf(second.bus.address));
  const first = await field.node({ ...OPTIONS, port: field.port + 1, peers: [relay.endpoint] });
  await Promise.all([first.bus.waitForPeers(1), second.bus.waitForPeers(1)]);
  let events = 0;
  // Each third is lost, so that there are questions and repairs.
  const late: Recorded[] = [];
  relay.passes = (one) => {
    const isLost = typeOf(one.bytes) === Type.batch && events++ % 3 === 0;
    if (isLost) late.push(one);
    return !isLost;
  };
  for (let round = 0; round < 12; round++) {
    await first.bus.publish(`one:${round}`);
    await first.bus.publish(`another:${round}`);
    await expectTraffic([first, second], `round ${round}`);
  }
  await first.bus.publishMatching('user:*');
  await second.keys.find((key) => key === 'matching user:*');
  const repeated = (): boolean => heardOf(relay, Type.beacon) >= 8 && heardOf(relay, Type.repair) > 0;
  await until(repeated, 'what follows the last event has been said');
  expect(heardOf(relay, Type.nack)).toBeGreaterThan(0);
  // All of it has been read once: it was repaired, and comes too late.
  relay.passes = () => true;
  for (const { bus } of [first, second]) {
    const forth = bus === second.bus;
    await (forth ? relay.back : relay.front).strike(bus, said(late, forth));
  }
  await relay.silence();
  relay.passes = () => false;
  return { first, second, relay };
}

function heardOf({ recorded }: Relay, type: number): number {
  return recorded.filter(({ bytes }) => typeOf(bytes) === type).length;
}

function said(recorded: readonly Recorded[], forth: boolean): readonly Buffer[] {
  return recorded.filter((one) => one.forth === forth).map(({ bytes }) => bytes);
}

/** Nothing that a member would be told is among it. */
function expectNoAnswer(heard: readonly { readonly bytes: Buffer }[]): void {
  const types = heard.map(({ bytes }) => typeOf(bytes));
  expect(types.filter((type) => type === undefined || ANSWERS.includes(type))).toEqual([]);
}

describe('a recorded conversation, played again', () => {
  it('to those who had it, from where it was said first and from elsewhere, changes nothing', async () => {
    const { first, second, relay } = await conversation();
    const recorded = [...relay.recorded];
    const elsewhere = await field.attackers.open();
    const before = [first, second].map(standing);
    const replayed = [first, second].map(({ bus }) => bus.metrics().dropped.replayed ?? 0);
    await relay.back.strike(second.bus, said(recorded, true));
    await relay.front.strike(first.bus, said(recorded, false));
    await elsewhere.strike(second.bus, said(recorded, true));
    await elsewhere.strike(first.bus, said(recorded, false));
    // To the wrong ones: what they said themselves.
    await elsewhere.strike(second.bus, said(recorded, false));
    await elsewhere.strike(first.bus, said(recorded, true));
    expect([first, second].map(standing)).toEqual(before);
    expect(recorded.length).toBeGreaterThan(60);
    const grown = [first, second].map(({ bus }, at) => (bus.metrics().dropped.replayed ?? 0) - replayed[at]!);
    // All, not only what the windows of sequences would have told apart as well.
    expect(grown).toEqual([2 * said(recorded, false).length, 2 * said(recorded, true).length]);
    expect(elsewhere.captured).toEqual([]);
    expectNoAnswer(relay.recorded.slice(recorded.length));
    relay.passes = () => true;
    await expectTraffic([first, second], 'after');
  }, 30_000);

  it('to a node that was started anew, and to one that is new and alone, makes nobody of nothing', async () => {
    const { first, second, relay } = await conversation();
    relay.passes = () => true;
    await Promise.all([first.bus.close(), second.bus.close()]);
    await relay.silence();
    relay.passes = () => false;
    const recorded = [...relay.recorded];
    expect(heardOf(relay, Type.leave)).toBeGreaterThan(0);
    const restarted = await field.node(OPTIONS);
    expect(restarted.bus.address).toBe(`127.0.0.1:${field.port}`);
    const fresh = await field.node({ ...OPTIONS, port: field.port + 1 });
    const elsewhere = await field.attackers.open();
    const before = [restarted, fresh].map(standing);
    await relay.back.strike(restarted.bus, said(recorded, true));
    await relay.front.strike(fresh.bus, said(recorded, false));
    for (const node of [restarted, fresh]) {
      await elsewhere.strike(node.bus, said(recorded, true));
      await elsewhere.strike(node.bus, said(recorded, false));
    }
    expect([restarted, fresh].map(standing)).toEqual(before);
    expectNoAnswer(relay.recorded.slice(recorded.length));
    expectNoAnswer(elsewhere.captured);
    // Greetings are answered, with nonces that no recording echoes: they were heard, and opened.
    expect(elsewhere.captured.length).toBeGreaterThan(0);
    expect(restarted.bus.metrics().dropped.unverified).toBeGreaterThan(0);
  }, 30_000);

  it('in part before its speaker is met, and in part behind that, is no sign of life', async () => {
    const { first, second, relay } = await conversation();
    relay.passes = () => true;
    await second.bus.close();
    const recorded = said(relay.recorded, true).toSorted((one, other) => counterOf(one) - counterOf(other));
    relay.passes = () => false;
    const restarted = await field.node(OPTIONS);
    // The earliest that was said: where a window that begins with it would leave all others to be told again.
    await relay.back.strike(restarted.bus, recorded.slice(0, 3));
    relay.passes = () => true;
    await restarted.bus.waitForPeers(1, { timeout: 15_000 });
    await first.peers.find(({ id, state }) => id === restarted.bus.id && state === 'alive', 15_000);
    await expectTraffic([first, restarted], 'met');
    const before = standing(restarted);
    const replayed = restarted.bus.metrics().dropped.replayed ?? 0;
    relay.passes = () => false;
    await relay.back.strike(restarted.bus, recorded);
    expect(restarted.bus.metrics().dropped.replayed).toBe(replayed + recorded.length);
    expect(standing(restarted)).toEqual(before);
  }, 30_000);

  it('does not keep a dead member alive', async () => {
    const options = { ...OPTIONS, heartbeat: 100 };
    const second = await field.node(options);
    const relay = await Relay.open(field.attackers, wire.addressOf(second.bus.address));
    const first = await field.node({ ...options, port: field.port + 1, peers: [relay.endpoint] });
    await Promise.all([first.bus.waitForPeers(1), second.bus.waitForPeers(1)]);
    await until(() => heardOf(relay, Type.heartbeat) >= 6, 'heartbeats are recorded');
    relay.passes = () => false;
    const recorded = said(relay.recorded, true);
    const dead = second.peers.find(({ state }) => state === 'dead', 10_000);
    const deadline = performance.now() + 10_000;
    while (second.bus.metrics().lost === 0 && performance.now() < deadline) {
      await relay.back.strike(second.bus, recorded);
    }
    expect((await dead).id).toBe(first.bus.id);
  }, 30_000);
});
