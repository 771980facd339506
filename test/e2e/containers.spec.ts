import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { MeshOptions } from 'nestjs-mesh/bus';
import { type RemoteNode, RemoteNodes } from '../support/host-process.js';
import type { LabHost } from '../support/netns.js';
import { ContainerNetwork, whyNoContainers } from './support/container-network.js';

const obstacle = whyNoContainers();
if (obstacle !== undefined) console.warn(`SKIPPED: containers. ${obstacle}`);

const TIMEOUT_MS = 60_000;
const SERVICE: MeshOptions = { cluster: 'shop', group: false, peers: ['shop-mesh'] };
/** What the network policy of docs/kubernetes.md lets in, from everyone. */
const POLICY = `table inet door {
  chain input {
    type filter hook input priority 0; policy drop;
    iif lo accept
    udp dport 7946 accept
  }
}`;

(obstacle === undefined ? describe : describe.skip)('containers', () => {
  let network: ContainerNetwork;
  const nodes = new RemoteNodes();
  beforeEach(() => {
    network = new ContainerNetwork(3);
  });
  afterEach(async () => {
    await nodes.close();
    network.close();
  });

  const startOn = (hosts: readonly LabHost[], options: MeshOptions): Promise<readonly RemoteNode[]> =>
    Promise.all(hosts.map((host) => nodes.start(options, host)));

  /** Everyone knows everyone, and what one publishes reaches each other one once. */
  async function expectOneMesh(mesh: readonly RemoteNode[]): Promise<void> {
    await Promise.all(mesh.map((node) => node.waitForPeers(mesh.length - 1)));
    const [publisher, ...others] = mesh;
    await publisher?.publish('first');
    await publisher?.publish('last');
    await Promise.all(others.map((node) => node.hears('last')));
    for (const node of others) expect([...node.keys].sort()).toEqual(['first', 'last']);
    expect(publisher?.keys).toEqual([]);
  }

  it(
    'on one bridge find each other by multicast, with the default options',
    async () => {
      const mesh = await startOn(network.hosts, {});
      await expectOneMesh(mesh);
      for (const node of mesh) expect((await node.snapshot()).multicast).toEqual(['eth0']);
    },
    TIMEOUT_MS,
  );

  it(
    'find each other without multicast, by a name that stands for all of them',
    async () => {
      network.setName('shop-mesh');
      await expectOneMesh(await startOn(network.hosts, SERVICE));
    },
    TIMEOUT_MS,
  );

  it(
    'find each other when a policy lets in nothing but UDP to the port of the mesh',
    async () => {
      network.setName('shop-mesh');
      for (const host of network.hosts) host.nft(POLICY);
      await expectOneMesh(await startOn(network.hosts, SERVICE));
    },
    TIMEOUT_MS,
  );

  it(
    'that share the network of their host find each other, and the second has a port of its own',
    async () => {
      const first = await nodes.start({}, network.hosts[0]);
      const second = await nodes.start({}, network.hosts[0]);
      const third = await nodes.start({}, network.hosts[1]);
      const endpoint = `${network.addresses[0]!}:7946`;
      expect((await first.snapshot()).endpoints[0]).toBe(endpoint);
      expect((await second.snapshot()).endpoints[0]).not.toBe(endpoint);
      await expectOneMesh([first, second, third]);
    },
    TIMEOUT_MS,
  );
});
