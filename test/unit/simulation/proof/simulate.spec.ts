import { describe, expect, it } from '@jest/globals';

import { parseSimulation, SIMULATION_HELP } from '../../../../lib/simulation/proof/simulation-options.js';
import { simulate } from '../../../../lib/simulation/proof/simulate.js';

function run(...args: string[]): ReturnType<typeof simulate> {
  return simulate(parseSimulation(args).options);
}

describe('parseSimulation', () => {
  it('reads what the issue asks for', () => {
    const { show, options } = parseSimulation('--nodes 50 --loss 0.1 --seed 7 --seconds 60'.split(' '));
    expect(show).toBe('run');
    expect(options).toMatchObject({ nodes: 50, loss: 0.1, seed: 7, seconds: 60, multicast: true, trace: undefined });
  });

  it('reads all else', () => {
    const args = '--burst 0.02,0.2,1 --traffic hot --unicast --scenario storm --trace --node n1 --key g1:2'.split(' ');
    expect(parseSimulation(args).options).toMatchObject({
      burst: { enter: 0.02, leave: 0.2, loss: 1 },
      ...{ traffic: 'hot', multicast: false, scenario: 'storm', trace: { node: 'n1', key: 'g1:2' } },
    });
    expect(['--help', '--list'].map((arg) => parseSimulation([arg]).show)).toEqual(['help', 'list']);
  });

  it('tells of every option in its help', () => {
    const options = ['nodes', 'seconds', 'seed', 'loss', 'burst', 'duplicate', 'reorder', 'latency', 'partition'];
    for (const option of [...options, 'traffic', 'heartbeat', 'unicast', 'scenario', 'list', 'trace']) {
      expect(SIMULATION_HELP).toContain(`--${option}`);
    }
  });

  it.each([
    [['--loss', '1.5'], '--loss 1.5: a number from 0 to 1 would be right'],
    [['--nodes', 'many'], '--nodes many: a number from 2 to 5000 would be right'],
    [['--seed', ''], '--seed : a number from 0 to 4294967295 would be right'],
    [['--burst', '1,2'], '--burst 1,2: three numbers would be right, as 0.02,0.2,1'],
    [['--traffic', 'much'], '--traffic much: sparse, steady, bursts, hot would be right'],
    [['--nonsense'], /nonsense/],
  ])('refuses %j', (args, message) => expect(() => parseSimulation(args)).toThrow(message));
});

describe('simulate', () => {
  it('tells what happened', () => {
    const { text, ok } = run('--nodes', '6', '--seconds', '20', '--loss', '0.1', '--partition', '2');
    expect(ok).toBe(true);
    for (const line of ['6 nodes, sim, seed 1', 'datagrams', 'dropped', 'gaps', 'resyncs', 'latency', 'by kind']) {
      expect(text).toMatch(new RegExp(`^${line}`, 'm'));
    }
    expect(text).toMatch(/lost [1-9]\d*, cut [1-9]/);
    expect(text).toMatch(/median 0\.\d+ ms, p99 /);
    expect(text.split('\n').at(-1)).toBe('verdict     every promise was kept');
  });

  it('fails when nothing was lost, unless that was asked for', () => {
    expect(run('--seconds', '5', '--loss', '0.000001', '--traffic', 'sparse')).toMatchObject({
      ok: false,
      text: expect.stringContaining('untested: no datagram with events was dropped'),
    });
    expect(run('--seconds', '5', '--loss', '0').ok).toBe(true);
  });

  it('traces what is asked for', () => {
    const { text } = run('--scenario', 'last-words', '--seed', '2', '--trace', '--node', 'n4', '--origin', 'n1');
    expect(text).toMatch(/^ +\d+\.\d\d n1→n4 +cut +batch n1#1 floor 1 \[/m);
    expect(text).toMatch(/^ +\d+\.\d\d n4 tells n1 dead$/m);
    expect(text).not.toMatch(/n2→n3/);
  });
});
