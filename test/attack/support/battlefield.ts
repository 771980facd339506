import type { MeshBus, MeshOptions, MeshPeer, MeshResync } from 'nestjs-mesh/bus';
import { Buses } from '../../support/buses.js';
import { Inbox } from '../../support/inbox.js';
import { randomPort } from '../../support/random-port.js';
import { Attackers, until } from './attacker.js';
import { SECRET } from './seal.js';

/** A node of a user, and all that its application is told. */
export interface Node {
  readonly bus: MeshBus;
  readonly keys: Inbox<string>;
  readonly resyncs: Inbox<MeshResync>;
  readonly peers: Inbox<MeshPeer>;
}

/** Nodes and attackers of one spec, on a port of its own, closed together behind it. */
export class Battlefield {
  readonly attackers = new Attackers();
  port = randomPort();
  readonly #buses = new Buses();

  /** A node that says nothing, on loopback, by the group unless something else is said. */
  async node(options: MeshOptions = {}): Promise<Node> {
    const bus = this.#buses.make({ port: this.port, heartbeat: 20_000, ...options });
    const node = { bus, keys: new Inbox<string>(), resyncs: new Inbox<MeshResync>(), peers: new Inbox<MeshPeer>() };
    bus.subscribe('*', ({ key }) => node.keys.add(key));
    bus.onMatching(({ pattern }) => node.keys.add(`matching ${pattern}`));
    bus.onResync(node.resyncs.add);
    bus.onPeer(node.peers.add);
    await bus.start();
    return node;
  }

  /** So many that know each other. */
  async mesh(count: number, options: MeshOptions = {}): Promise<Node[]> {
    const nodes: Node[] = [];
    for (let index = 0; index < count; index++) nodes.push(await this.node(options));
    await Promise.all(nodes.map(({ bus }) => bus.waitForPeers(count - 1, { timeout: 15_000 })));
    await until(
      () => nodes.every(({ bus }) => bus.snapshot().unverifiedPeers === 0),
      'all greetings have been answered',
    );
    return nodes;
  }

  async close(): Promise<void> {
    await Promise.all([this.#buses.close(), this.attackers.close()]);
    this.port = randomPort();
  }
}

/** The two kinds of meshes, by name. */
export const MESHES: readonly (readonly [string, MeshOptions])[] = [
  ['sealed', { secret: SECRET }],
  ['plain', {}],
];

/** What an attack must not change: all that the application is told, and who is taken for a member. */
export function standing({ bus, keys, resyncs, peers }: Node): unknown {
  const { joined, left, lost, delivered } = bus.metrics();
  const members = bus.peers().map(({ id, address, state }) => ({ id, address, state }));
  const told = { keys: [...keys.items], resyncs: resyncs.items.length, peers: peers.items.length };
  return { ...told, joined, left, lost, delivered, members, status: bus.status };
}

/** Publishes at each, and resolves when every other has heard it: they still work. */
export async function expectTraffic(nodes: readonly Node[], name: string): Promise<void> {
  await Promise.all(nodes.map(({ bus }, index) => bus.publish(`${name}:${index}`)));
  await Promise.all(
    nodes.flatMap(({ keys }, at) =>
      nodes.flatMap((_, index) => (index === at ? [] : keys.find((key) => key === `${name}:${index}`, 15_000))),
    ),
  );
}
