// The other end of cache-database.ts.
import { connect } from 'node:net';
import { createInterface } from 'node:readline';

/** The clock that all processes of the machine share. */
export const now = () => Number(process.hrtime.bigint()) / 1e6;

export function openBackend(path, by) {
  const socket = connect(path);
  const waiting = new Map();
  let calls = 0;
  createInterface({ input: socket }).on('line', (text) => {
    const { call, value } = JSON.parse(text);
    waiting.get(call)(value);
    waiting.delete(call);
  });
  const say = (line) => socket.write(`${JSON.stringify({ by, ...line })}\n`);
  const ask = (line) =>
    new Promise((resolve) => {
      waiting.set(++calls, resolve);
      say({ call: calls, ...line });
    });
  return {
    /** The newest version of the key. */
    read: (key) => ask({ read: key }),
    /** New versions of all of the keys. */
    commit: (keys) => ask({ commit: keys }),
    /** Everyone was told to let go of what is older. */
    tell: (keys, versions) => say({ told: keys.map((key, at) => [key, versions[at]]), at: now() }),
  };
}
