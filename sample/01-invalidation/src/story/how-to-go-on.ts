import type { Instance } from './instance.js';
import { say, styled } from './report.js';

/** What to try now, in lines to paste into another terminal; and what the instances say to it, as they say it. */
export function sayHowToGoOn(instances: readonly Instance[], env: Readonly<Record<string, string>>): void {
  const [a, b, c] = instances;
  if (a === undefined || b === undefined || c === undefined) return;
  const start = `npm start --workspace sample/01-invalidation -- instance --port ${c.port}`;
  const settings = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  say(styled('bold', 'All three stay up. In another terminal:\n'));
  say(`   curl ${b.url}/products/1          # from now on B holds a copy, for a minute`);
  say(`   curl -X PUT ${a.url}/products/1 -H 'content-type: application/json' -d '{"name":"Teapot","price":99}'`);
  say(`   curl ${b.url}/products/1          # the new price, from the store`);
  say(`   curl ${b.url}/cache               # what B holds, and what it has let go lately`);
  say(`   curl ${b.url}/mesh                # its peers and counters\n`);
  say('Pull the plug of C, and look at the peers again: after 5 seconds there is one. Then start it anew:\n');
  say(`   kill -9 ${String(c.pid)}`);
  say(`   ${settings.join(' ')} ${start}\n`);
  say(styled('dim', 'Ctrl-C ends everything. What the instances say:\n'));
  for (const instance of instances) {
    instance.onLine = (line) => say(`${styled('bold', instance.name)} ${line}`);
    void instance.ended.then((how) => say(`${styled('bold', instance.name)} ended ${how}`));
  }
}
