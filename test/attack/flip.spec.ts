import { afterEach, describe, expect, it } from '@jest/globals';
import { type Captured, droppedAt, isMarked, until } from './support/attacker.js';
import { Battlefield, type Node, standing } from './support/battlefield.js';
import { type Recorded, Relay } from './support/relay.js';
import { SECRET, typeOf } from './support/seal.js';
import * as wire from './support/wire.js';

const field = new Battlefield();
afterEach(() => field.close());

interface Between {
  readonly first: Node;
  readonly second: Node;
  readonly relay: Relay;
  /** Keeps back what the first node says from now on, and resolves with the first datagram of that type. */
  readonly catchOne: (type: number) => Promise<Recorded>;
}

async function between(heartbeat = 20_000): Promise<Between> {
  const options = { secret: SECRET, group: false, heartbeat } as const;
  const second = await field.node(options);
  const relay = await Relay.open(field.attackers, wire.addressOf(second.bus.address));
  const first = await field.node({ ...options, port: field.port + 1, peers: [relay.endpoint] });
  await Promise.all([first.bus.waitForPeers(1), second.bus.waitForPeers(1)]);
  const catchOne = async (type: number): Promise<Recorded> => {
    let caught: Recorded | undefined;
    relay.passes = (one) => {
      if (one.forth && typeOf(one.bytes) === type) caught ??= one;
      return !one.forth;
    };
    await until(() => caught !== undefined, 'the datagram is caught');
    return caught!;
  };
  return { first, second, relay, catchOne };
}

/** The datagram with each of its bits turned over, one at a time. */
function flipped(bytes: Buffer): readonly Buffer[] {
  return Array.from({ length: bytes.length * 8 }, (_, bit) => {
    const copy = Buffer.from(bytes);
    copy[bit >> 3]! ^= 1 << (bit & 7);
    return copy;
  });
}

/** The datagram cut off at each length, and with something behind it. */
function cutAndPadded(bytes: Buffer): readonly Buffer[] {
  const cut = Array.from({ length: bytes.length }, (_, length) => bytes.subarray(0, length));
  return [...cut, Buffer.concat([bytes, wire.u8(0)]), Buffer.concat([bytes, bytes])];
}

describe.each([
  ['flipped bit by bit', flipped],
  ['cut off at each length, or longer', cutAndPadded],
])('a true sealed datagram, %s', (_name, spoil) => {
  it('delivers no event, and does so as it was', async () => {
    const { first, second, relay, catchOne } = await between();
    const caught = catchOne(wire.Type.batch);
    await first.bus.publish('invalidate:user:42', { data: { by: 'admin' } });
    const { bytes } = await caught;
    const spoiled = spoil(bytes);
    const before = standing(second);
    const dropped = droppedAt(second.bus);
    await relay.back.strike(second.bus, spoiled);
    expect(standing(second)).toEqual(before);
    expect(droppedAt(second.bus) - dropped).toBe(spoiled.filter((one) => !isMarked(one)).length);
    relay.hand({ bytes, forth: true });
    expect(await second.keys.atLeast(1)).toEqual(['invalidate:user:42']);
  });

  it('is no goodbye, and is one as it was', async () => {
    const { first, second, relay, catchOne } = await between();
    const caught = catchOne(wire.Type.leave);
    const closed = first.bus.close();
    const { bytes } = await caught;
    const before = standing(second);
    await relay.back.strike(second.bus, spoil(bytes));
    expect(standing(second)).toEqual(before);
    expect(second.bus.metrics().left).toBe(0);
    relay.hand({ bytes, forth: true });
    await second.peers.find(({ state }) => state === 'left');
    await closed;
  });

  it('is no greeting: nobody is answered', async () => {
    const node = await field.node({ secret: SECRET, group: false });
    const attacker = await field.attackers.open();
    // It waits in vain for its seed, which the attacker is.
    const other = await field.node({ secret: SECRET, group: false, port: field.port + 1, peers: [attacker.endpoint] });
    const isHello = (one: Captured): boolean => typeOf(one.bytes) === wire.Type.hello;
    await until(() => attacker.captured.some(isHello), 'a greeting is caught');
    const { bytes } = attacker.captured.find(isHello)!;
    const before = standing(node);
    const sent = node.bus.metrics().datagramsSent;
    // Not from the host of its sender, whose attempts are counted.
    await (await field.attackers.open('127.0.0.2')).strike(node.bus, spoil(bytes));
    expect(standing(node)).toEqual(before);
    expect(node.bus.metrics().datagramsSent).toBe(sent);
    expect(node.bus.snapshot().unverifiedPeers).toBe(0);
    await attacker.strike(node.bus, [bytes]);
    await until(() => attacker.captured.some((one) => typeOf(one.bytes) === wire.Type.helloAck), 'the answer is heard');
    expect(other.bus.peers()).toEqual([]);
  });
});
