import { afterEach, expect, it, describe } from '@jest/globals';
import type { MeshMetrics } from 'nestjs-mesh/bus';
import { LabProcess } from '../support/lab-process.js';
import { LossyLab } from '../support/lossy-lab.js';
import { describeChaos } from './support/describe-chaos.js';

const TEST_MS = 90_000;
const SCRIPT = new URL('./children/request-node.mjs', import.meta.url);
const NODES = 5;
/** Of each of the five, all at the same time. */
const QUESTIONS = 40;
/** Of the answers of the one that dies. */
const LAST_ANSWER = 60;
/** A node that was killed is given up after 5 heartbeats, long before this. */
const PATIENCE_MS = 30_000;

interface Asked {
  readonly key: string;
  /** By id: the parts that came, in their order. */
  readonly answers: Readonly<Record<string, readonly number[]>>;
  /** Values that belong to another question. */
  readonly strange: number;
  readonly failure?: string;
}

interface Report {
  /** How often each question was answered that was. */
  readonly runs: readonly number[];
  readonly asked: number;
  readonly metrics: MeshMetrics;
}

describeChaos('the network loses, and everybody asks everybody', () => {
  let lab: LossyLab;
  let nodes: LabProcess[];
  let ids: readonly string[];
  afterEach(async () => {
    await Promise.all(nodes.map((node) => node.kill()));
    lab.close();
  });

  /** @param dieAfter how many answers the first of them dies */
  async function start(multicast: boolean, dieAfter?: number): Promise<void> {
    lab = new LossyLab(NODES);
    const addresses = lab.hosts.map(({ address }) => address);
    nodes = lab.hosts.map(({ host, address }, index) => {
      const peers = addresses.filter((other) => other !== address);
      const ways = multicast ? {} : { group: false, peers };
      const options = { heartbeat: 1000, timeout: PATIENCE_MS, ...ways, ...(index === 0 && { dieAfter }) };
      return new LabProcess(SCRIPT, options, host);
    });
    ids = (await Promise.all(nodes.map((node) => node.call('start')))) as string[];
    await Promise.all(nodes.map((node) => node.call('waitForPeers', NODES - 1)));
    lab.lose(100);
  }

  const ask = async (node: LabProcess): Promise<readonly Asked[]> => (await node.call('ask', QUESTIONS)) as Asked[];

  /** All questions, and what each of these has answered: both parts, in order, once. */
  function expectAnswered(all: readonly Asked[], by: readonly string[]): void {
    expect(all).toHaveLength(QUESTIONS);
    for (const { answers, strange, failure } of all) {
      expect([failure, strange]).toEqual([undefined, 0]);
      for (const id of by) expect(answers[id]).toEqual([1, 2]);
    }
  }

  describe.each([
    { way: 'by the group', multicast: true },
    { way: 'unicast only', multicast: false },
  ])('$way', ({ multicast }) => {
    it(
      '10 % of all datagrams: of 200 questions at once each gets the answer of all five, and no other',
      async () => {
        await start(multicast);
        const all = await Promise.all(nodes.map(ask));
        for (const asked of all) {
          expectAnswered(asked, ids);
          for (const { answers } of asked) expect(Object.keys(answers)).toHaveLength(NODES);
        }
        expect(lab.lost).toBeGreaterThan(0);
        for (const node of nodes) {
          const { runs, asked } = (await node.call('report')) as Report;
          expect([asked, new Set(runs)]).toEqual([NODES * QUESTIONS, new Set([1])]);
        }
      },
      TEST_MS,
    );

    it(
      '10 % of all datagrams, and one is killed in the middle: each gets the answers of those that live, and ends',
      async () => {
        await start(multicast, LAST_ANSWER);
        const [dying, ...living] = nodes;
        const [deadId = '', ...livingIds] = ids;
        const [died, ...all] = await Promise.all([ask(dying!).catch(String), ...living.map(ask)]);
        expect(died).toBe('Error: the process ended (SIGKILL)');
        for (const asked of all) {
          expectAnswered(asked, livingIds);
          // Of the dead one came what it had sent: nothing, the first part, or both.
          for (const { answers } of asked) expect([undefined, [1], [1, 2]]).toContainEqual(answers[deadId]);
        }
        const answered = all.flat().filter(({ answers }) => answers[deadId]?.length === 2).length;
        expect(answered).toBeGreaterThan(0);
        expect(answered).toBeLessThan(LAST_ANSWER);
        expect(lab.lost).toBeGreaterThan(0);
        for (const node of living) {
          const { runs } = (await node.call('report')) as Report;
          expect(new Set(runs)).toEqual(new Set([1]));
        }
      },
      TEST_MS,
    );
  });
});
