import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { MeshOptions } from '../../lib/options/mesh-options.js';
import { type RemoteNode, RemoteNodes } from '../support/host-process.js';
import { type LabHost, type LabNetwork, NetworkLab, whyNoNetworkNamespaces } from '../support/netns.js';

const obstacle = whyNoNetworkNamespaces();
if (obstacle !== undefined) console.warn(`SKIPPED: sockets on hosts of their own. ${obstacle}`);
const describeHosts = obstacle === undefined ? describe : describe.skip;

const PORT = 7946;
const TEST_MS = 60_000;

describeHosts('sockets on hosts of their own', () => {
  let lab: NetworkLab;
  let net: LabNetwork;
  const remote = new RemoteNodes();
  beforeEach(() => {
    lab = new NetworkLab();
    net = lab.network('net');
  });
  afterEach(async () => {
    await remote.close();
    lab.close();
  });

  function host(name: string, address: string): LabHost {
    const made = lab.host(name);
    net.plug(made, 'eth0', `${address}/24`);
    return made;
  }

  const start = (at: LabHost, options: MeshOptions = {}): Promise<RemoteNode> =>
    remote.start({ heartbeat: 200, startTimeout: 500, ...options }, at);

  async function meet(...nodes: RemoteNode[]): Promise<void> {
    await Promise.all(nodes.map((node) => node.waitForPeers(nodes.length - 1)));
  }

  /** Each hears the other. */
  async function talk(one: RemoteNode, two: RemoteNode, word: string): Promise<void> {
    await one.publish(`${word}:1`);
    await two.hears(`${word}:1`);
    await two.publish(`${word}:2`);
    await one.hears(`${word}:2`);
  }

  /** Each hears the other again, by itself: what was said while they were apart may be lost. */
  async function findEachOther(one: RemoteNode, two: RemoteNode): Promise<void> {
    for (const [from, to] of [
      [one, two],
      [two, one],
    ] as const) {
      let heard = false;
      for (let attempt = 0; !heard && attempt < 40; attempt++) {
        await from.publish(`again:${attempt}`);
        heard = await to.hearsAny('again:', 250);
      }
      expect(heard).toBe(true);
    }
  }

  const addressesOf = async (node: RemoteNode): Promise<readonly string[]> =>
    (await node.snapshot()).peers.map(({ address }) => address);

  it(
    'meet on a network by the group, with nothing configured and no route for it',
    async () => {
      const [one, two] = await Promise.all([start(host('a', '10.1.0.1')), start(host('b', '10.1.0.2'))]);
      await meet(one, two);
      await talk(one, two, 'hello');
      const { endpoints, multicast } = await one.snapshot();
      expect(endpoints).toEqual([`10.1.0.1:${PORT}`, `127.0.0.1:${PORT}`]);
      expect(multicast).toEqual(['eth0']);
      expect(await addressesOf(one)).toEqual([`10.1.0.2:${PORT}`]);
      expect(one.warnings.filter((warning) => !warning.includes('receive buffer'))).toEqual([]);
    },
    TEST_MS,
  );

  describe('several interfaces', () => {
    let middle: LabHost;
    let other: LabNetwork;
    beforeEach(() => {
      other = lab.network('other');
      middle = host('middle', '10.1.0.1');
      other.plug(middle, 'eth1', '10.2.0.1/24');
    });

    it(
      'joins the group on each, and is met on each network at its address there',
      async () => {
        const right = lab.host('right');
        other.plug(right, 'eth0', '10.2.0.2/24');
        const [at, near, far] = await Promise.all([start(middle), start(host('left', '10.1.0.2')), start(right)]);
        await at.waitForPeers(2);
        await talk(at, near, 'left');
        await talk(at, far, 'right');
        expect((await at.snapshot()).multicast).toEqual(['eth0', 'eth1']);
        expect(await addressesOf(near)).toContain(`10.1.0.1:${PORT}`);
        expect(await addressesOf(far)).toContain(`10.2.0.1:${PORT}`);
      },
      TEST_MS,
    );

    it('uses the ones that are named, and loopback', async () => {
      const { endpoints, multicast } = await (await start(middle, { interface: 'eth1' })).snapshot();
      expect(endpoints).toEqual([`10.2.0.1:${PORT}`, `127.0.0.1:${PORT}`]);
      expect(multicast).toEqual(['eth1']);
    });

    it('tells others the address from which the rest of the world is reached', async () => {
      middle.ip('route add default via 10.2.0.254');
      const { endpoints } = await (await start(middle)).snapshot();
      expect(endpoints).toEqual([`10.2.0.1:${PORT}`, `10.1.0.1:${PORT}`, `127.0.0.1:${PORT}`]);
    });

    it(
      'reaches who is behind a router from the address to which he can answer',
      async () => {
        const beyond = lab.network('beyond');
        const router = lab.host('router');
        other.plug(router, 'eth0', '10.2.0.9/24');
        beyond.plug(router, 'eth1', '10.3.0.9/24');
        router.exec('sysctl', '-qw', 'net.ipv4.ip_forward=1');
        const far = lab.host('far');
        beyond.plug(far, 'eth0', '10.3.0.2/24');
        far.ip('route add default via 10.3.0.9');
        middle.ip('route add 10.3.0.0/24 via 10.2.0.9');
        const options: MeshOptions = { group: false };
        const [two, one] = [await start(far, options), await start(middle, { ...options, peers: ['10.3.0.2'] })];
        await meet(one, two);
        await talk(one, two, 'routed');
        expect(await addressesOf(two)).toEqual([`10.2.0.1:${PORT}`]);
      },
      TEST_MS,
    );
  });

  describe('no multicast at all', () => {
    const cases: [title: string, cripple: (host: LabHost) => void, reason: string][] = [
      [
        'when the kernel refuses to join',
        (at) => at.exec('sysctl', '-qw', 'net.ipv4.igmp_max_memberships=0'),
        'eth0: ENOBUFS',
      ],
      ['when no interface knows multicast', (at) => at.ip('link set eth0 multicast off'), 'none knows multicast'],
      [
        'when what is sent to the group never arrives',
        (at) => at.nft('table ip mesh { chain in { type filter hook input priority 0; ip daddr 239.0.0.1 drop; }; }'),
        'eth0: what is sent to the group is not heard back',
      ],
    ];

    it.each(cases)(
      'is a warning, and unicast goes on: %s',
      async (_title, cripple, reason) => {
        const hosts = [host('a', '10.1.0.1'), host('b', '10.1.0.2')];
        hosts.forEach(cripple);
        const one = await start(hosts[0]!);
        const two = await start(hosts[1]!, { peers: ['10.1.0.1'] });
        await meet(one, two);
        await talk(one, two, 'unicast');
        await one.warnsOf(`no interface carries the group 239.0.0.1 (${reason})`);
        await talk(one, two, 'still');
        expect(one.warnings.filter((warning) => warning.includes('no interface carries'))).toHaveLength(1);
      },
      TEST_MS,
    );
  });

  it(
    'is the same where the network swallows the group, which shows in what peers say',
    async () => {
      const hosts = ['10.1.0.1', '10.1.0.2'].map((address, index) => {
        const made = host(`h${index}`, address);
        const foreign = `ip saddr != ${address} ip daddr 239.0.0.1 drop`;
        made.nft(`table ip mesh { chain in { type filter hook input priority 0; ${foreign}; }; }`);
        return made;
      });
      const one = await start(hosts[0]!);
      const two = await start(hosts[1]!, { peers: ['10.1.0.1'] });
      await meet(one, two);
      await talk(one, two, 'unicast');
      await one.warnsOf('nobody hears the group 239.0.0.1');
      await talk(one, two, 'still');
    },
    TEST_MS,
  );

  describe('addresses that come and go', () => {
    let hosts: readonly [LabHost, LabHost];
    let one: RemoteNode;
    let two: RemoteNode;
    beforeEach(() => {
      hosts = [host('a', '10.1.0.1'), host('b', '10.1.0.2')];
    });

    async function startBoth(options: MeshOptions = {}): Promise<void> {
      [one, two] = await Promise.all([start(hosts[0], options), start(hosts[1])]);
      await meet(one, two);
      await talk(one, two, 'before');
    }

    const endpoints = async (): Promise<readonly string[]> => (await one.snapshot()).endpoints;

    /** Until the node has seen what has become of its interfaces. */
    async function reachedAt(expected: readonly string[]): Promise<void> {
      const deadline = Date.now() + 10_000;
      while ((await endpoints()).join() !== expected.join()) if (Date.now() > deadline) break;
      expect(await endpoints()).toEqual(expected);
    }

    const HOME = `127.0.0.1:${PORT}`;
    const BOTH = [`10.1.0.1:${PORT}`, HOME];

    it(
      'heals when an address is taken away and given back',
      async () => {
        await startBoth();
        hosts[0].ip('addr del 10.1.0.1/24 dev eth0');
        await reachedAt([HOME]);
        hosts[0].ip('addr add 10.1.0.1/24 dev eth0');
        await reachedAt(BOTH);
        await findEachOther(one, two);
      },
      TEST_MS,
    );

    it(
      'heals when an interface goes down and up',
      async () => {
        await startBoth();
        hosts[0].ip('link set eth0 down');
        await reachedAt([HOME]);
        hosts[0].ip('link set eth0 up');
        await reachedAt(BOTH);
        await findEachOther(one, two);
      },
      TEST_MS,
    );

    it(
      'heals when an interface is made anew under its name and address before anyone looked',
      async () => {
        await startBoth();
        hosts[0].ip('link del eth0');
        net.plug(hosts[0], 'eth0', '10.1.0.1/24');
        await findEachOther(one, two);
        expect(await endpoints()).toEqual(BOTH);
      },
      TEST_MS,
    );

    it(
      'joins the group again when nothing that it sends there comes back, and nothing else shows why',
      async () => {
        const hardware = '02:00:00:00:00:77';
        hosts[0].ip(`link set eth0 address ${hardware}`);
        const beacons = hosts.map((at) => remote.beacon(at));
        await Promise.all(beacons.map((beacon) => beacon.hearsBeats(3)));
        hosts[0].ip('link del eth0');
        net.plug(hosts[0], 'eth0', '10.1.0.1/24');
        hosts[0].ip(`link set eth0 address ${hardware}`);
        await Promise.all(beacons.map((beacon) => beacon.hearsBeats(3)));
      },
      TEST_MS,
    );

    it(
      'goes on at another address when it is given one',
      async () => {
        await startBoth();
        hosts[0].ip('addr del 10.1.0.1/24 dev eth0');
        hosts[0].ip('addr add 10.1.0.77/24 dev eth0');
        await reachedAt([`10.1.0.77:${PORT}`, HOME]);
        await findEachOther(one, two);
      },
      TEST_MS,
    );

    it(
      'uses an interface that comes later',
      async () => {
        await startBoth();
        const other = lab.network('other');
        const third = lab.host('c');
        other.plug(third, 'eth0', '10.2.0.2/24');
        const newcomer = await start(third);
        other.plug(hosts[0], 'eth1', '10.2.0.1/24');
        await newcomer.waitForPeers(1);
        await talk(one, newcomer, 'later');
        expect((await one.snapshot()).multicast).toEqual(['eth0', 'eth1']);
      },
      TEST_MS,
    );

    it(
      'warns of a named interface that goes, and of its return',
      async () => {
        await startBoth({ interface: 'eth0' });
        hosts[0].ip('link set eth0 down');
        await one.warnsOf('the network interface eth0 is gone');
        hosts[0].ip('link set eth0 up');
        await one.warnsOf('the network interface eth0 is back');
        await findEachOther(one, two);
        expect(one.warnings.filter((warning) => warning.includes('the network interface eth0'))).toHaveLength(2);
      },
      TEST_MS,
    );
  });

  describe('sources', () => {
    it(
      'are heard from an own network of public addresses, and refused from elsewhere',
      async () => {
        const [first, second] = [lab.host('a'), lab.host('b')];
        net.plug(first, 'eth0', '203.0.113.1/25');
        net.plug(second, 'eth0', '203.0.113.2/25');
        const [one, two] = await Promise.all([start(first), start(second)]);
        await meet(one, two);
        await talk(one, two, 'neighbours');

        const stranger = lab.host('c');
        net.plug(stranger, 'eth0', '203.0.113.200/25');
        stranger.ip('route add 203.0.113.0/25 dev eth0');
        first.ip('route add 203.0.113.128/25 dev eth0');
        await start(stranger, { peers: ['203.0.113.1'] });
        await one.warnsOf('datagrams from 203.0.113.200 are refused');
        expect(await addressesOf(one)).toEqual([`203.0.113.2:${PORT}`]);
      },
      TEST_MS,
    );
  });
});
