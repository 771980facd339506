import type { Command } from '../live/commands.js';
import type { Fleet } from './fleet.js';
import { say, styled } from './report.js';

/** What to try now, in lines to paste into another terminal. */
export function sayHowToGoOn({ instances, env }: Fleet): void {
  const [a, b, c] = instances;
  if (a === undefined || b === undefined || c === undefined) return;
  const start = `npm start --workspace sample/01-invalidation -- instance --port ${c.port}`;
  const settings = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  say(styled('bold', 'All three stay up. In another terminal:\n'));
  say(`   curl ${b.url}/products/1          # the copy that B holds`);
  say(`   curl -X PUT ${a.url}/products/1 -H 'content-type: application/json' -d '{"name":"Teapot","price":99}'`);
  say(`   curl ${b.url}/products/1          # the new price`);
  say(`   curl ${b.url}/cache               # what B holds, and what it has let go lately`);
  say(`   curl ${b.url}/mesh                # its peers and counters\n`);
  say('Pull the plug of C, and look at the peers again: after 5 seconds there is one. Then start it anew:\n');
  say(`   kill -9 ${String(c.pid)}`);
  say(`   ${settings.join(' ')} ${start}\n`);
  say(styled('dim', 'Ctrl-C ends everything. What happens, and what the instances say:\n'));
}

/** What can be written to the standard input. */
export function sayCommands(commands: readonly Command[]): void {
  const all = [...commands, { key: 't', does: 'show a table' }, { key: 'q', does: 'quit' }];
  say(`Lines that are understood here: ${all.map(({ key, does }) => `${key} (${does})`).join(', ')}.\n`);
}

/** What to look for in the table that follows. */
export function sayWhatToPress({ victim, instances }: Fleet): void {
  const [, second] = instances;
  say(styled('bold', 'All three stay up, and each reads the product four times a second, through its cache.\n'));
  say('   l, then w   datagrams are lost; what is found missing is asked for and repaired');
  say(`   p, then w   ${victim.name} goes STALE; p again: it is told what it has missed, or to drop everything`);
  say(`   curl ${second?.url ?? ''}/cache   in another terminal; there are /products/1, /mesh and /network too\n`);
}
