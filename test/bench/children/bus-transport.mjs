import { MeshBus } from 'nestjs-mesh/bus';
import { meshOptions } from './mesh-options.mjs';

export function makeSender({ port, receivers, secret }) {
  const bus = new MeshBus(meshOptions(port, secret));
  return {
    start: () => bus.start().then(() => bus.waitForPeers(receivers, { timeout: 15_000 })),
    emit: (key) => bus.publish(key),
    emitAll: (keys) => bus.publish(keys),
  };
}

export function makeReceiver({ port, pattern, secret }, hear) {
  const bus = new MeshBus(meshOptions(port, secret));
  bus.subscribe(pattern, ({ key }) => hear(key));
  return { start: () => bus.start(), delivered: () => bus.metrics().delivered };
}
