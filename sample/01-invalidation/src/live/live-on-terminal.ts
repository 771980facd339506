import type { Fleet } from '../story/fleet.js';
import { sayWhatToPress } from '../story/how-to-go-on.js';
import { styled } from '../story/report.js';
import { Live } from './live.js';
import { liveTable } from './live-table.js';
import { Terminal } from './terminal.js';

const DRAW_EVERY_MS = 250;
const HAPPENINGS_SHOWN = 6;

/** A table that is drawn anew four times a second, until the user presses q or `interrupted` resolves. */
export async function liveOnTerminal(fleet: Fleet, interrupted: Promise<void>): Promise<void> {
  const terminal = new Terminal(process.stdin, process.stdout);
  const happenings: string[] = [];
  const live = new Live(fleet, {
    tell: (happening) => {
      happenings.push(`${new Date().toLocaleTimeString('en-GB')} ${happening}`);
      if (happenings.length > HAPPENINGS_SHOWN) happenings.shift();
    },
    // It would push the table away. What matters of it is among the happenings.
    hear: () => undefined,
  });
  sayWhatToPress(fleet);
  const draw = (): void => {
    const lines = liveTable({ rows: live.rows(), commands: live.commands.all, happenings }, styled);
    // One row is the cursor's. What has no room can not be drawn over.
    terminal.draw(lines.slice(0, Math.max(1, terminal.rows - 1)));
  };
  const quit = new Promise<void>((resolve) =>
    terminal.open((key) => {
      if (key === 'q') resolve();
      else if (live.commands.run(key)) draw();
    }),
  );
  const timer = setInterval(draw, DRAW_EVERY_MS);
  try {
    live.start();
    await Promise.race([quit, interrupted]);
  } finally {
    clearInterval(timer);
    live.stop();
    terminal.close();
  }
}
