import { Failure } from '../fleet/failure.js';
import type { Fleet } from '../fleet/fleet.js';
import { say, styled } from './report.js';

export function sayFailure(error: unknown, { instances }: Fleet): void {
  say(styled(['bold', 'red'], `Failed: ${error instanceof Error ? error.message : String(error)}`));
  if (!(error instanceof Failure)) console.error(error);
  for (const { name, lines } of instances) {
    say(styled('dim', `\nthe last lines of ${name}:`));
    for (const line of lines) say(`   ${line}`);
  }
}
