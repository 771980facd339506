import { afterEach, describe, expect, it } from '@jest/globals';
import type { MeshOptions } from 'nestjs-mesh/bus';
import { Battlefield, expectTraffic, type Node } from './support/battlefield.js';
import { GUESSED as NEXT, SECRET } from './support/seal.js';

const field = new Battlefield();
afterEach(() => field.close());

const WAYS: readonly (readonly [string, MeshOptions])[] = [
  ['the group', {}],
  ['addresses', { group: false }],
];

/** Publishes at every node, all the time, until it is stopped. */
class Flow {
  readonly published: string[] = [];
  readonly #work: Promise<void>;
  #stopped = false;

  constructor(nodes: readonly Node[]) {
    this.#work = this.#run(nodes);
  }

  /** So many more have been published. */
  async more(count: number): Promise<void> {
    const until = this.published.length + count;
    while (this.published.length < until) await new Promise((resolve) => setImmediate(resolve));
  }

  async stop(): Promise<readonly string[]> {
    this.#stopped = true;
    await this.#work;
    return this.published;
  }

  async #run(nodes: readonly Node[]): Promise<void> {
    for (let index = 0; !this.#stopped; index++) {
      const { bus } = nodes[index % nodes.length]!;
      await bus.publish(`${bus.id} ${index}`);
      this.published.push(`${bus.id} ${index}`);
    }
  }
}

describe('setKeyring, while events flow', () => {
  it.each(WAYS)(
    'loses not one of them, by %s',
    async (_name, options) => {
      const peers = [`127.0.0.1:${field.port}`];
      const nodes = await field.mesh(3, { ...options, peers, secret: SECRET });
      const flow = new Flow(nodes);
      const rings = [
        { primary: 'old', keys: { old: SECRET, new: NEXT } },
        { primary: 'new', keys: { old: SECRET, new: NEXT } },
        { primary: 'new', keys: { new: NEXT } },
      ];
      for (const ring of rings) {
        for (const { bus } of nodes) {
          await flow.more(50);
          bus.setKeyring(ring);
        }
      }
      await flow.more(50);
      const published = await flow.stop();
      await expectTraffic(nodes, 'after');
      for (const { bus, keys, resyncs } of nodes) {
        const others = published.filter((key) => !key.startsWith(bus.id));
        await keys.until((all) => all.length >= others.length + 2);
        expect(keys.items.filter((key) => !key.startsWith('after')).sort()).toEqual([...others].sort());
        expect(resyncs.items).toEqual([]);
        const { dropped, lost } = bus.metrics();
        expect({ lost, forged: dropped.forged ?? 0, unknown: dropped['unknown-key'] ?? 0 }).toEqual({
          ...{ lost: 0, forged: 0, unknown: 0 },
        });
        expect(bus.snapshot().unreadable).toEqual([]);
      }
      // The old secret is of no use any more.
      const late = await field.node({ ...options, peers, secret: SECRET });
      expect(late.bus.peers()).toEqual([]);
    },
    60_000,
  );
});

describe('a secret', () => {
  it('is rolled out node by node, and each hears each at every step', async () => {
    const peers = [`127.0.0.1:${field.port}`];
    let nodes = await field.mesh(3, { peers });
    const steps: readonly MeshOptions[] = [
      { secret: SECRET, secretMode: 'accept-plain' },
      { secret: SECRET, secretMode: 'send-both' },
      { secret: SECRET },
    ];
    for (const [step, options] of steps.entries()) {
      for (let index = 0; index < nodes.length; index++) {
        await nodes[index]!.bus.close();
        const restarted = await field.node({ peers, ...options });
        nodes = nodes.with(index, restarted);
        await Promise.all(nodes.map(({ bus }) => bus.waitForPeers(2, { timeout: 15_000 })));
        await expectTraffic(nodes, `step ${step}, node ${index}`);
      }
    }
    for (const { bus, keys, resyncs } of nodes) {
      expect(bus.snapshot()).toMatchObject({ sealing: 'strict', unreadable: [] });
      expect(new Set(keys.items).size).toBe(keys.items.length);
      expect(resyncs.items).toEqual([]);
    }
  }, 90_000);
});
