import type { Scenario } from '../scenario.js';
import { BOUNDS } from './bounds.js';
import { CUTS } from './cuts.js';
import { LIVES } from './lives.js';
import { LONG_EVENTS } from './long-events.js';
import { LOSSES } from './losses.js';
import { MACHINES } from './machines.js';
import { STORM } from './storm.js';

/** The whole list; the storm, in which everything happens, three times as often as any other. */
export const SCENARIOS: readonly Scenario[] = [
  ...LOSSES,
  ...CUTS,
  ...LIVES,
  ...MACHINES,
  ...BOUNDS,
  ...LONG_EVENTS,
  ...[1, 2, 3].flatMap(() => STORM),
];

/** @throws RangeError when there is none of that name */
export function scenarioNamed(name: string): Scenario {
  const found = SCENARIOS.find((scenario) => scenario.name === name);
  if (found !== undefined) return found;
  throw new RangeError(`no scenario is named "${name}"; there are ${SCENARIOS.map((one) => one.name).join(', ')}`);
}
