import { afterEach, describe, expect, it } from '@jest/globals';
import { until } from './support/attacker.js';
import { Battlefield } from './support/battlefield.js';
import { ciphertextOf, counterOf, open, SECRET } from './support/seal.js';
import * as wire from './support/wire.js';

const field = new Battlefield();
afterEach(() => field.close());

const KEY = 'invalidate:user:42:a key that is long enough to show';
const BLOCK = 16;

describe('who hears a sealed mesh', () => {
  it('sees no key, and no two datagrams that are alike', async () => {
    const ear = await field.attackers.listening(field.port);
    const [node, other] = await field.mesh(2, { secret: SECRET });
    for (let times = 0; times < 100; times++) {
      await node!.bus.publish(KEY);
      await node!.bus.publishMatching('invalidate:user:*');
    }
    await other!.keys.until((keys) => keys.filter((key) => key === KEY).length === 100);
    const heard = ear.captured.map(({ bytes }) => bytes);
    const events = heard.filter((bytes) => open(bytes)?.[1] === wire.Type.batch);
    expect(events.length).toBeGreaterThanOrEqual(100);
    expect(open(events[0]!)!.includes(KEY)).toBe(true);
    for (const bytes of heard) {
      expect(bytes[1]).toBe(wire.Type.sealed);
      for (const word of [KEY, 'invalidate', 'user', 'default', '127.0.0.1']) expect(bytes.includes(word)).toBe(false);
    }
    // An own counter for each, and so another key stream: not one block of one is a block of another.
    const blocks = heard
      .map(ciphertextOf)
      .flatMap((text) =>
        Array.from({ length: Math.floor(text.length / BLOCK) }, (_, index) =>
          text.toString('latin1', index * BLOCK, (index + 1) * BLOCK),
        ),
      );
    expect(new Set(blocks).size).toBe(blocks.length);
  }, 30_000);

  it('finds no two datagrams under one key stream: each node has a key of its own, in each cluster', async () => {
    const ear = await field.attackers.listening(field.port);
    const nodes = [
      ...(await field.mesh(2, { secret: SECRET })),
      ...(await field.mesh(2, { secret: SECRET, cluster: 'another' })),
    ];
    const first = (id: Buffer): Buffer | undefined =>
      ear.captured
        .map(({ bytes }) => bytes)
        .find((bytes) => bytes.subarray(2, 18).equals(id) && counterOf(bytes) === 1);
    const ids = nodes.map(({ bus }) => wire.idBytes(bus.id));
    await until(() => ids.every((id) => first(id) !== undefined), 'all have greeted the group');
    const texts = ids.map((id) => ciphertextOf(first(id)!));
    // All of them are greetings: of what was sealed with the counter 1, version and flags are the same.
    const beginnings = texts.map((text) => text.toString('hex', 0, 3));
    expect(new Set(beginnings).size).toBe(beginnings.length);
    expect(ids.map((id) => open(first(id)!) !== undefined)).toEqual([true, true, false, false]);
    expect(ids.map((id) => open(first(id)!, SECRET, 'another') !== undefined)).toEqual([false, false, true, true]);
  }, 30_000);
});
