import { NestFactory } from '@nestjs/core';
import { freePorts } from '../fleet/free-ports.js';
import type { Fleet } from '../fleet/fleet.js';
import { interruption } from '../fleet/interruption.js';
import { withFleet } from '../fleet/with-fleet.js';
import { say, styled } from '../story/report.js';
import { sayFailure } from '../story/say-failure.js';
import { PanelModule } from './panel.module.js';

/** Short, for somebody who wants to see that a stale entry goes. */
const PANEL_TTL_MS = 15_000;

/** Starts the instances and the page, until somebody wants an end. Returns the exit code. */
export async function runPanel(firstPort: number): Promise<number> {
  const interrupted = interruption();
  const [port = 0] = await freePorts([firstPort - 1]);
  const env = {
    PANEL_ORIGIN: `http://127.0.0.1:${port}`,
    CACHE_TTL: process.env.CACHE_TTL ?? String(PANEL_TTL_MS),
  };
  return withFleet(env, firstPort, async (fleet) => {
    try {
      const met = Promise.all(fleet.instances.map((instance) => fleet.met(instance)));
      await Promise.race([met, fleet.failed(), interrupted]);
    } catch (error) {
      sayFailure(error, fleet);
      return 1;
    }
    await show(fleet, port, interrupted);
    return 0;
  });
}

async function show(fleet: Fleet, port: number, interrupted: Promise<void>): Promise<void> {
  // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment -- Nest declares its options as a class
  const app = await NestFactory.create(PanelModule.of(fleet), {
    logger: ['error', 'warn'],
    forceCloseConnections: true,
  });
  await app.listen(port, '127.0.0.1');
  say(`Three instances, and what their caches do: ${styled('bold', await app.getUrl())}`);
  say(styled('dim', 'Ctrl-C ends everything.'));
  await interrupted;
  await app.close();
}
