// One mesh node in a process of its own: options come as JSON, commands and what happens go over IPC.
import { MeshBus } from 'nestjs-mesh/bus';

const bus = new MeshBus({ logger: false, ...JSON.parse(process.argv[2]) });
bus.subscribe('*', (event) => process.send({ kind: 'event', key: event.key, origin: event.origin }));
bus.onPeer((peer) => process.send({ kind: 'peer', id: peer.id, state: peer.state }));

process.on('message', async (command) => {
  switch (command.kind) {
    case 'await-peers':
      await bus.waitForPeers(command.count, { timeout: 10_000 });
      process.send({ kind: 'peers', count: bus.peers().length });
      break;
    case 'publish':
      await bus.publish(command.key);
      process.send({ kind: 'published', key: command.key });
      break;
    case 'metrics':
      process.send({ kind: 'metrics', metrics: bus.metrics() });
      break;
    case 'close':
      await bus.close();
      process.disconnect();
      break;
  }
});

await bus.start();
process.send({ kind: 'ready', id: bus.id, port: Number(bus.address.split(':')[1]) });
