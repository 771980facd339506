import '../../../../tools/typescript.mjs';
import { compete, hear } from './contestant.mjs';

const { V1Node } = await import('../../../support/v1-node.ts');
const BATCH = 3;
const HEARTBEAT_MS = 1000;

compete(({ address, others }) => {
  const node = new V1Node(7946, address);
  const met = new Promise((resolve) => {
    // Looks at each packet as it comes, and is never content.
    const look = (packets) => {
      const { type, keys } = packets.at(-1) ?? {};
      if (type === BATCH) keys.forEach(hear);
      if (node.peers.length === others.length) resolve();
      return false;
    };
    void node.packets.until(look, 2 ** 31 - 1);
  });
  async function beat() {
    await node.heartbeat(`${address}:7946`);
    setTimeout(beat, HEARTBEAT_MS);
  }
  return {
    start: () => node.start().then(beat),
    meet: () => met,
    publish: (keys) => node.batch(keys),
    counters: () => ({ nacks: 0, repairs: 0, resyncs: 0 }),
  };
});
