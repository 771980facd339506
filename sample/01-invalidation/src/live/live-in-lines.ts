import { createInterface } from 'node:readline';
import type { Fleet } from '../story/fleet.js';
import { sayCommands, sayHowToGoOn } from '../story/how-to-go-on.js';
import { say, styled } from '../story/report.js';
import { Live } from './live.js';
import { instanceTable } from './live-table.js';

/** Plain lines, for where there is no terminal: what happens is written, and commands are read from a pipe if there is one. */
export async function liveInLines(fleet: Fleet, interrupted: Promise<void>): Promise<void> {
  const live = new Live(fleet, {
    tell: (happening) => say(styled('bold', happening)),
    hear: (name, line) => say(`${styled('bold', name)} ${line}`),
  });
  // To read from a terminal would stop a program that runs in its background.
  const commands = process.stdin.isTTY ? undefined : createInterface(process.stdin);
  if (commands !== undefined) sayCommands(live.commands.all);
  sayHowToGoOn(fleet);
  live.start();
  const quit = new Promise<void>((resolve) =>
    commands?.on('line', (line) => {
      const key = line.trim().toLowerCase();
      if (key === 'q') resolve();
      else if (key === 't') for (const row of instanceTable(live.rows(), styled)) say(row);
      else if (!live.commands.run(key)) sayCommands(live.commands.all);
    }),
  );
  await Promise.race([quit, interrupted]);
  live.stop();
  commands?.close();
  process.stdin.destroy();
}
