// One mesh node on a host: options come as JSON, calls and their answers, events and log lines go over IPC.
import { MeshBus } from 'nestjs-mesh/bus';

const tell = (message) => process.connected && process.send(message);
const log = (level) => (message) => tell({ kind: 'log', level, message });
const bus = new MeshBus({
  logger: { error: log('error'), warn: log('warn'), log: log('log') },
  ...JSON.parse(process.argv[2] ?? process.env.MESH_OPTIONS),
});
bus.subscribe('*', ({ key, origin }) => tell({ kind: 'event', key, origin }));
bus.onPeer(({ id, address, state }) => tell({ kind: 'peer', id, address, state }));

const calls = {
  start: () => bus.start(),
  publish: (key) => bus.publish(key),
  waitForPeers: (count, timeout) => bus.waitForPeers(count, { timeout }).then((peers) => peers.length),
  snapshot: () => bus.snapshot(),
  close: () => bus.close(),
};

process.on('message', async ({ id, call, args }) => {
  try {
    tell({ kind: 'answer', id, value: await calls[call](...args) });
  } catch (error) {
    tell({ kind: 'answer', id, error: { code: error.code, message: error.message } });
  }
  if (call === 'close') process.disconnect();
});
tell({ kind: 'up', id: bus.id });
