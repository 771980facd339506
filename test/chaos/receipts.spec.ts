import { afterEach, describe, expect, it } from '@jest/globals';
import { LabProcess } from '../support/lab-process.js';
import { LossyLab } from '../support/lossy-lab.js';
import { describeChaos } from './support/describe-chaos.js';

const TEST_MS = 60_000;
const SCRIPT = new URL('./children/receipt-node.mjs', import.meta.url);
const NODES = 3;
const WAITS = 1000;

interface Ended {
  readonly acked: readonly number[];
  readonly refused: readonly string[];
}

interface Report {
  readonly runs: number;
  readonly resyncs: number;
  readonly sealing: string;
}

describeChaos('the network loses, and publishers wait', () => {
  let lab: LossyLab;
  let nodes: LabProcess[];
  afterEach(async () => {
    await Promise.all(nodes.map((node) => node.kill()));
    lab.close();
  });

  describe.each([
    { way: 'by the group', multicast: true, secret: undefined, sealing: 'none' },
    { way: 'unicast only', multicast: false, secret: undefined, sealing: 'none' },
    { way: 'by the group, sealed', multicast: true, secret: 'a secret of these hosts alone', sealing: 'strict' },
  ])('$way', ({ multicast, secret, sealing }) => {
    it(
      '10 % of all datagrams: 1000 waits at once all resolve, and each handler runs once',
      async () => {
        lab = new LossyLab(NODES);
        const addresses = lab.hosts.map(({ address }) => address);
        nodes = lab.hosts.map(({ host, address }) => {
          const peers = addresses.filter((other) => other !== address);
          return new LabProcess(SCRIPT, { heartbeat: 1000, secret, ...(!multicast && { group: false, peers }) }, host);
        });
        await Promise.all(nodes.map((node) => node.call('start')));
        await Promise.all(nodes.map((node) => node.call('waitForPeers', NODES - 1)));
        lab.lose(100);
        const { acked, refused } = (await nodes[0]!.call('awaitAll', WAITS)) as Ended;
        expect(refused).toEqual([]);
        expect(acked).toEqual(Array.from({ length: WAITS }, () => NODES - 1));
        expect(lab.lost).toBeGreaterThan(0);
        for (const node of nodes.slice(1)) {
          expect((await node.call('report')) as Report).toEqual({ runs: WAITS, resyncs: 0, sealing });
        }
      },
      TEST_MS,
    );
  });
});
