import { setTimeout as delay } from 'node:timers/promises';
import type { Fleet } from '../fleet/fleet.js';
import { interruption } from '../fleet/interruption.js';
import { withFleet } from '../fleet/with-fleet.js';
import { say, styled } from './report.js';
import { sayFailure } from './say-failure.js';
import { Story } from './story.js';

/** As a shell has it for a program that Ctrl-C ended. */
const INTERRUPTED = 130;
/** Short, for somebody who waits until it is over; and long enough for the survivors to be asked before. */
const STORY_TTL_MS = 4000;

/** Tells the story. Returns the exit code: 0 when every step came out as it must. */
export function runStory(firstPort: number): Promise<number> {
  const interrupted = interruption();
  // Nobody reads but the story, so that it knows what the counters must be.
  const env = { SAMPLE_EVERY: '0', CACHE_TTL: String(STORY_TTL_MS) };
  return withFleet(env, firstPort, async (fleet) => {
    const failed = fleet.failed();
    try {
      return await Promise.race([tellToTheEnd(fleet), interrupted.then(() => INTERRUPTED), failed]);
    } catch (error) {
      // Of an instance that dies its connections are heard of first.
      const reason = await Promise.race([failed, delay(300)]).catch((death: unknown) => death);
      sayFailure(reason ?? error, fleet);
      return 1;
    }
  });
}

async function tellToTheEnd(fleet: Fleet): Promise<number> {
  await new Story(fleet, STORY_TTL_MS).tell();
  say(styled(['bold', 'green'], 'Every step came out as it must.\n'));
  return 0;
}
