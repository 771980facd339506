import { afterEach, expect, it } from '@jest/globals';
import type { MeshMetrics } from 'nestjs-mesh/bus';
import { LabProcess } from '../support/lab-process.js';
import { LossyLab } from '../support/lossy-lab.js';
import { describeChaos } from './support/describe-chaos.js';

const TEST_MS = 60_000;
const SCRIPT = new URL('./children/long-node.mjs', import.meta.url);
const NODES = 3;
/** Fewer datagrams than a receive window takes in: on a machine that is busy elsewhere a publisher may outrun it. */
const EVENTS = 15;
/** More than can be repeated. */
const MANY_EVENTS = 40;
const QUESTIONS = 10;

interface Report {
  readonly heard: number;
  readonly once: number;
  readonly whole: number;
  readonly metrics: MeshMetrics;
  readonly sealing: string;
}

describeChaos('the network loses, and events take sixty datagrams', () => {
  let lab: LossyLab;
  let nodes: LabProcess[];
  afterEach(async () => {
    await Promise.all(nodes.map((node) => node.kill()));
    lab.close();
  });

  it.each([
    { way: 'by the group', multicast: true, secret: undefined, sealing: 'none' },
    { way: 'unicast only', multicast: false, secret: undefined, sealing: 'none' },
    { way: 'by the group, sealed', multicast: true, secret: 'a secret of these hosts alone', sealing: 'strict' },
  ])(
    '10 % of all datagrams, $way: 60 KiB are heard once and whole, and answered by 60 KiB',
    async ({ multicast, secret, sealing }) => {
      lab = new LossyLab(NODES);
      const addresses = lab.hosts.map(({ address }) => address);
      nodes = lab.hosts.map(({ host, address }) => {
        const peers = addresses.filter((other) => other !== address);
        return new LabProcess(SCRIPT, { heartbeat: 1000, secret, ...(!multicast && { group: false, peers }) }, host);
      });
      await Promise.all(nodes.map((node) => node.call('start')));
      await Promise.all(nodes.map((node) => node.call('waitForPeers', NODES - 1)));
      lab.lose(100);
      const keys = Array.from({ length: EVENTS }, (_, index) => `k:${index}`);
      const [publisher, ...others] = nodes;
      const known = Promise.all(others.map((node) => node.call('knowsAll', keys)));
      await publisher!.call('publish', keys);
      await known;
      for (const node of others) {
        const report = (await node.call('report')) as Report;
        expect(report).toMatchObject({ heard: EVENTS, once: EVENTS, whole: EVENTS, sealing });
        expect(report.metrics).toMatchObject({ resyncs: 0, delivered: EVENTS });
        expect(report.metrics.repaired).toBeGreaterThan(EVENTS);
      }
      const asked = await publisher!.call('ask', QUESTIONS);
      expect(asked).toEqual({ answers: QUESTIONS * (NODES - 1) + QUESTIONS, whole: QUESTIONS * NODES });
      expect(lab.lost).toBeGreaterThan(100);
    },
    TEST_MS,
  );

  it(
    '30 % of all datagrams, where little can be repeated: what is not heard is covered',
    async () => {
      lab = new LossyLab(NODES);
      // Three events, and some have been sent by the time that the first one is asked for.
      const options = { heartbeat: 1000, limits: { repairBytes: 200_000 } };
      nodes = lab.hosts.map(({ host }) => new LabProcess(SCRIPT, options, host));
      await Promise.all(nodes.map((node) => node.call('start')));
      await Promise.all(nodes.map((node) => node.call('waitForPeers', NODES - 1)));
      lab.lose(300);
      const keys = Array.from({ length: MANY_EVENTS }, (_, index) => `k:${index}`);
      const [publisher, ...others] = nodes;
      const known = Promise.all(others.map((node) => node.call('knowsAll', keys)));
      await publisher!.call('publish', keys);
      await known;
      let heard = 0;
      for (const node of others) {
        const report = (await node.call('report')) as Report;
        expect(report).toMatchObject({ once: report.heard, whole: report.heard });
        expect(report.metrics.resyncs).toBeGreaterThan(0);
        heard += report.heard;
      }
      expect(heard).toBeLessThan(MANY_EVENTS * others.length);
      expect(lab.lost).toBeGreaterThan(100);
    },
    TEST_MS,
  );
});
