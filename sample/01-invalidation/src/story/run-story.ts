import { randomInt } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Fleet } from './fleet.js';
import type { Instance } from './instance.js';
import { say, styled } from './report.js';
import { Story } from './story.js';
import { StoryFailure } from './story-failure.js';

/** As a shell has it for a program that Ctrl-C ended. */
const INTERRUPTED = 130;

export interface StoryOptions {
  readonly once: boolean;
  /** HTTP port of the first instance; the others have the next ones. Where one is taken it is replaced. */
  readonly firstPort: number;
}

/** Starts three instances, tells the story, stays up unless `once`, and ends them. Returns the exit code. */
export async function runStory({ once, firstPort }: StoryOptions): Promise<number> {
  const interrupted = interruption();
  const folder = await mkdtemp(join(tmpdir(), 'nestjs-mesh-01-invalidation-'));
  const env = {
    // A port of its own, so that this mesh meets nobody who happens to be there.
    MESH_PORT: process.env.MESH_PORT ?? String(randomInt(20_000, 32_000)),
    STORE_DIR: process.env.STORE_DIR ?? folder,
  };
  const fleet = await Fleet.start(env, firstPort);
  try {
    const code = await tell(fleet.instances, interrupted);
    if (code === 0 && !once) await stayUp(fleet, interrupted);
    return code;
  } finally {
    await fleet.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function stayUp(fleet: Fleet, interrupted: Promise<void>): Promise<void> {
  const { stdin, stdout, env } = process;
  if (stdin.isTTY && stdout.isTTY && env.TERM !== 'dumb') {
    const { liveOnTerminal } = await import('../live/live-on-terminal.js');
    return liveOnTerminal(fleet, interrupted);
  }
  const { liveInLines } = await import('../live/live-in-lines.js');
  return liveInLines(fleet, interrupted);
}

/** The exit code: 0 when every step came out as it must. */
async function tell(instances: readonly Instance[], interrupted: Promise<void>): Promise<number> {
  const death = Promise.race(
    instances.map(async ({ name, ended }) => {
      const how = await ended;
      return new StoryFailure(`instance ${name} ended ${how}`);
    }),
  );
  try {
    return await Promise.race([
      tellToTheEnd(instances),
      interrupted.then(() => INTERRUPTED),
      death.then((failure) => {
        throw failure;
      }),
    ]);
  } catch (error) {
    // Of an instance that dies its connections are heard of first.
    sayFailure((await Promise.race([death, delay(300)])) ?? error, instances);
    return 1;
  }
}

async function tellToTheEnd(instances: readonly Instance[]): Promise<number> {
  await new Story(instances).tell();
  say(styled(['bold', 'green'], 'Every step came out as it must.\n'));
  return 0;
}

function sayFailure(error: unknown, instances: readonly Instance[]): void {
  say(styled(['bold', 'red'], `Failed: ${error instanceof Error ? error.message : String(error)}`));
  if (!(error instanceof StoryFailure)) console.error(error);
  for (const { name, lines } of instances) {
    say(styled('dim', `\nthe last lines of ${name}:`));
    for (const line of lines) say(`   ${line}`);
  }
}

/** Resolves when the user, or the system, wants an end. */
function interruption(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolve());
  });
}
