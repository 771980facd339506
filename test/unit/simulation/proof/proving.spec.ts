import { describe, expect, it } from '@jest/globals';

import { FlightRecorder } from '../../../../lib/simulation/proof/flight-recorder.js';
import { Proofs, prove, scenarioOf } from '../../../../lib/simulation/proof/prove.js';
import { failureReport } from '../../../../lib/simulation/proof/report.js';
import { playProof, runProof } from '../../../../lib/simulation/proof/run-proof.js';
import { scenario } from '../../../../lib/simulation/proof/scenario.js';
import { SCENARIOS, scenarioNamed } from '../../../../lib/simulation/proof/scenarios/all-scenarios.js';

/** A cut that lasts and is asked to heal nothing: it can not be kept. */
const HOPELESS = {
  ...scenario(
    'hopeless',
    0,
    () => ({ count: 3, multicast: true, style: 'steady', onIsolation: 'serve' }),
    (stage) => {
      stage.gather();
      const [one, ...rest] = stage.nodes;
      stage.partition([one!], rest);
      stage.write(2000);
      stage.run(2000);
      stage.run(20_000);
    },
  ),
  keepsCuts: true,
};

describe('runProof', () => {
  it('gives one outcome and one flight for one seed', () => {
    const flights = [0, 1].map(() => {
      const recorder = new FlightRecorder({});
      const { world, outcome } = playProof(scenarioNamed('storm'), 5, recorder);
      return {
        outcome,
        lines: recorder.lines,
        kinds: [...world.meter.kinds()],
        counts: world.simulator.network.counts,
      };
    });
    expect(flights[0]).toEqual(flights[1]);
    expect(flights[0]!.lines.length).toBeGreaterThan(1000);
  });

  it('is not changed by who watches it', () => {
    const name = scenarioNamed('restart');
    expect(runProof(name, 3, new FlightRecorder({ node: 'n1' }))).toEqual(runProof(name, 3));
  });

  it('fails where no promise can be kept', () => {
    const outcome = runProof(HOPELESS, 1);
    expect(new Set(outcome.violations.map(({ kind }) => kind))).toContain('untold');
    expect(outcome.dropped).toBeGreaterThan(0);
    expect(outcome.settledMs).toBeGreaterThanOrEqual(180_000);
  });
});

describe('failureReport', () => {
  it('names seed, scenario, node, key and what became of the datagrams', () => {
    const report = failureReport(HOPELESS, runProof(HOPELESS, 1));
    expect(report).toMatch(/^hopeless, seed 1: \d+ broken promises among 3 nodes, \d+ writes\n/);
    expect(report).toMatch(/untold: n\d neither delivered \w+ n\d#\d+, sent at [\d.]+, nor was told/);
    expect(report).toMatch(/flight of n\d at n\d from [\d.]+ ms:/);
    expect(report).toMatch(/n\d→n\d\* +cut +batch n\d#\d+ floor \d+ \[g\d:\d+/);
    expect(report).toContain('again: npm run sim -- --scenario hopeless --seed 1 --trace --node n');
    expect(report.split('\n').length).toBeLessThan(120);
  });
});

describe('prove', () => {
  it('takes scenarios in turns', () => {
    const names = SCENARIOS.map((_, seed) => scenarioOf(seed).name);
    expect(names).toEqual(SCENARIOS.map(({ name }) => name));
    expect(scenarioOf(SCENARIOS.length)).toBe(SCENARIOS[0]);
    expect(() => scenarioOf(-1)).toThrow(RangeError);
    expect(() => scenarioNamed('nonsense')).toThrow(/no scenario is named "nonsense"; there are loss-1, /);
  });

  it('makes a failure of what throws', () => {
    const broken = scenario(
      'broken',
      0,
      () => ({}),
      () => {
        throw new Error('on purpose');
      },
    );
    expect(prove(7, broken)).toMatchObject({ seed: 7, scenario: 'broken' });
    expect(prove(7, broken).failure).toContain('broken, seed 7: Error: on purpose');
  });

  it('adds up', () => {
    const proofs = new Proofs();
    for (const resyncs of [{ gap: 2 }, { gap: 1, heal: 3 }, {}]) {
      proofs.add({ seed: 1, scenario: 'b', resyncs, dropped: 5, failure: undefined });
    }
    proofs.add({ seed: 1, scenario: 'a', resyncs: {}, dropped: 1, failure: 'why' });
    expect([proofs.runs, proofs.failures]).toEqual([4, ['why']]);
    expect(proofs.lines().map((line) => line.replace(/ +/g, ' '))).toEqual([
      'scenario runs failed dropped resyncs',
      'a 1 1 1 –',
      'b 3 0 15 gap 3, heal 3',
    ]);
  });
});
