import type { Draw } from './draw.js';
import type { Expectations } from './oracle.js';
import type { Stage, StageOptions } from './stage.js';

/** A way for things to go wrong. Everything in it is drawn from the seed. */
export interface Scenario extends Expectations {
  readonly name: string;
  /** Its cuts last: nobody may be stale although they never heal, and some may never meet. */
  readonly keepsCuts?: boolean;
  /** What it needs of the mesh; the rest is drawn. */
  readonly options: (draw: Draw) => StageOptions;
  /** From the first start to the last trouble. */
  readonly play: (stage: Stage) => void;
}

export function scenario(
  name: string,
  resyncs: Expectations['resyncs'],
  options: Scenario['options'],
  play: Scenario['play'],
): Scenario {
  return { name, resyncs, options, play };
}
