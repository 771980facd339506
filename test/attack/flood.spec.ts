import { afterEach, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import type { MeshOptions } from 'nestjs-mesh/bus';
import type { Attacker } from './support/attacker.js';
import { until } from './support/attacker.js';
import { Battlefield, MESHES, type Node } from './support/battlefield.js';
import { FloodedNode } from './support/flooded-node.js';
import { GUESSED, seal, SECRET } from './support/seal.js';
import * as wire from './support/wire.js';

const field = new Battlefield();
const children: FloodedNode[] = [];
afterEach(async () => {
  await Promise.all(children.splice(0).map((child) => child.close()));
  await field.close();
});

const FLOOD = 100_000;
const SOCKETS = 200;
const LIMITS = { peers: 32, unverifiedPeers: 100 };
const MEBIBYTE = 1024 * 1024;
/** Full tables of the above, and what a running process gains of itself. An entry for each of 100,000 ids is more. */
const BOUND = 6 * MEBIBYTE;
const BURST = 100;
const VICTIM = { host: '127.0.0.1', port: 9 };

type Invent = (sender: Buffer, index: number) => Buffer;

/** What a stranger could say, one kind after the other, each in another name. */
const PLAIN: readonly Invent[] = [
  (sender) => wire.heartbeat(sender, { sequence: 3 }),
  (sender) => wire.hello(sender),
  (sender) => wire.hello(sender, { flags: wire.HelloFlag.toGroup }),
  (sender) => wire.batch(sender, ['forged']),
  (sender) => wire.v1Heartbeat(sender, `127.0.0.1:${VICTIM.port}`),
  (sender) => wire.v1Batch(sender, ['v1']),
  (sender) => wire.leave(sender, 7n),
];
const KINDS: Readonly<Record<string, readonly Invent[]>> = {
  plain: PLAIN,
  sealed: [
    ...PLAIN,
    // Without a cipher: who floods does not take the trouble either.
    (sender, index) => sealedNoise(sender, index),
    (sender, index) => sealedNoise(sender, index),
  ],
};

const noise = seal(wire.hello(wire.randomId()), { secret: GUESSED, claimedSecret: SECRET, counter: 1 });

function sealedNoise(sender: Buffer, index: number): Buffer {
  const bytes = Buffer.from(noise);
  sender.copy(bytes, 2);
  bytes.writeUIntBE(1 + index, 21, 6);
  return bytes;
}

interface Flood {
  readonly target: FloodedNode;
  readonly attackers: readonly Attacker[];
  readonly to: wire.Address;

  readonly kinds: readonly Invent[];
  /** Called after each burst with how many of all there have been. */
  readonly between?: (burst: number) => Promise<void> | void;
}

/** Sends until the node has read so many. Returns the most that its tables held on the way. */
async function flood({ target, attackers, to, kinds, between }: Flood): Promise<{ unverified: number }> {
  const begun = (await target.snapshot()).metrics.datagramsReceived;
  const most = { unverified: 0 };
  const ids = Buffer.alloc(16 * BURST);
  for (let burst = 0, read = 0, index = 0; read < FLOOD; burst++) {
    randomBytes(ids.length).copy(ids);
    for (let sent = 0; sent < BURST; sent++, index++) {
      const sender = Buffer.from(ids.subarray(16 * sent, 16 * sent + 16));
      attackers[index % attackers.length]!.send(kinds[index % kinds.length]!(sender, index), to);
    }
    await between?.(burst);
    const { metrics, unverifiedPeers } = await target.snapshot();
    read = metrics.datagramsReceived - begun;
    most.unverified = Math.max(most.unverified, unverifiedPeers);
  }
  return most;
}

async function besieged(
  options: MeshOptions,
): Promise<{ target: FloodedNode; to: wire.Address; attackers: Attacker[] }> {
  const target = new FloodedNode({
    ...{ interface: 'lo', port: field.port, group: false, heartbeat: 1000, limits: LIMITS },
    ...options,
  });
  children.push(target);
  const { endpoints } = await target.started();
  const attackers: Attacker[] = [];
  for (let index = 0; index < SOCKETS; index++) attackers.push(await field.attackers.open());
  return { target, to: wire.addressOf(endpoints[0]), attackers };
}

describe.each(MESHES)('100,000 datagrams of as many nodes that there are not, to a %s one,', (kind, options) => {
  it('fill nothing without bounds, and touch no member; a newcomer joins meanwhile', async () => {
    const { target, to, attackers } = await besieged(options);
    const peers = [`${to.host}:${to.port}`];
    const joining = { ...options, group: false, heartbeat: 1000, peers } as const;
    const member = await field.node({ ...joining, port: field.port + 1 });
    await member.bus.waitForPeers(1, { timeout: 15_000 });
    // Once in vain, so that what fills up once is full.
    await member.bus.publish('first');
    const before = await target.memory();
    let newcomer: Node | undefined;
    const published: string[] = [];
    const ended = FLOOD / BURST;
    const most = await flood({
      ...{ target, to, attackers, kinds: KINDS[kind]! },
      between: async (burst) => {
        if (burst % 20 === 0) {
          published.push(`true:${burst}`);
          await member.bus.publish(`true:${burst}`);
        }
        if (burst !== Math.floor(ended / 4)) return;
        newcomer = await field.node({ ...joining, port: field.port + 2 });
      },
    });
    await newcomer!.bus.waitForPeers(2, { timeout: 15_000 });
    await member.bus.waitForPeers(2, { timeout: 15_000 });
    for (const { bus } of [member, newcomer!]) await bus.publish(`last of ${bus.id}`);
    const lasts = [member, newcomer!].map(({ bus }) => `last of ${bus.id}`);
    let keys: readonly string[] = [];
    await until(() => {
      void target.keys().then((all) => (keys = all));
      return [...published, ...lasts].every((key) => keys.includes(key));
    }, 'every event has arrived');
    await newcomer!.keys.find((key) => key === lasts[0]);
    await member.keys.find((key) => key === lasts[1]);
    const grown = (await target.memory()) - before;
    const { metrics, peers: known } = await target.snapshot();
    expect({ grown: grown / MEBIBYTE, isBounded: grown < BOUND }).toMatchObject({ isBounded: true });
    expect(most.unverified).toBeLessThanOrEqual(LIMITS.unverifiedPeers + 2);
    expect(metrics).toMatchObject({ left: 0, lost: 0 });
    // v1 nodes can not prove that they are there: so many of them are believed.
    expect(metrics.joined).toBeLessThanOrEqual(2 + LIMITS.unverifiedPeers);
    expect(
      known
        .filter(({ legacy }) => !legacy)
        .map(({ id }) => id)
        .sort(),
    ).toEqual([member, newcomer!].map(({ bus }) => bus.id).sort());
    // The flood was one: tables were full, or all of it was refused.
    if (kind === 'sealed') expect(metrics.dropped.plain).toBeGreaterThan(FLOOD / 2);
    else expect(most.unverified).toBeGreaterThan(LIMITS.unverifiedPeers / 2);
    expect(keys.filter((key) => key === 'forged')).toEqual([]);
  }, 120_000);
});

describe('100,000 datagrams of as many nodes, sealed by one who has the secret,', () => {
  it('fill nothing without bounds', async () => {
    const { target, to, attackers } = await besieged({ secret: SECRET });
    const before = await target.memory();
    const kinds = PLAIN.map<Invent>((invent) => (sender, index) => seal(invent(sender, index), { counter: 1 + index }));
    const most = await flood({ target, to, attackers, kinds });
    const grown = (await target.memory()) - before;
    expect({ grown: grown / MEBIBYTE, isBounded: grown < BOUND }).toMatchObject({ isBounded: true });
    expect(most.unverified).toBeLessThanOrEqual(LIMITS.unverifiedPeers + 2);
    expect(most.unverified).toBeGreaterThan(LIMITS.unverifiedPeers / 2);
  }, 120_000);
});

describe('who can not be read', () => {
  it('is listed 64 times at most, however many there are', async () => {
    const { target, to, attackers } = await besieged({ secret: SECRET });
    for (const attacker of attackers.slice(0, 100)) {
      const sender = wire.randomId();
      for (let times = 0; times < 4; times++) attacker.send(wire.heartbeat(sender), to);
      await target.snapshot();
    }
    expect((await target.snapshot()).unreadable).toHaveLength(64);
  }, 60_000);
});
