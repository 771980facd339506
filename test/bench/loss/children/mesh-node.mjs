import { MeshBus } from 'nestjs-mesh/bus';
import { compete, hear } from './contestant.mjs';

compete(({ others, unicast }) => {
  const bus = new MeshBus({ logger: false, ...(unicast && { group: false, peers: others }) });
  const resyncs = [];
  bus.subscribe('at:*', ({ key }) => hear(key));
  bus.onResync(({ reason }) => resyncs.push(reason));
  return {
    start: () => bus.start(),
    meet: () => bus.waitForPeers(others.length, { timeout: 15_000 }).then(() => resyncs.splice(0)),
    publish: (keys) => bus.publish(keys),
    counters: () => ({ nacks: bus.metrics().nacksSent, repairs: bus.metrics().repairsSent, resyncs: resyncs.length }),
  };
});
