// The sockets of a node without the node: sends to the group, five times a second, and tells what it hears by the group.
import { resolveMeshOptions } from '../../../dist/esm/options/resolve-mesh-options.js';
import { NodeClock } from '../../../dist/esm/runtime/node-clock.js';
import { NodeDatagramTransport } from '../../../dist/esm/runtime/node-datagram-transport.js';

const transport = new NodeDatagramTransport(resolveMeshOptions({}), new NodeClock());
await transport.open({
  onDatagram: ({ from, viaGroup }) => viaGroup && process.send({ kind: 'beat', from }),
  onEndpoints: () => {},
  onWarning: () => {},
});
const beat = () => {
  transport.send(Buffer.from('beat'), 4, true, [], () => {});
  setTimeout(beat, 200);
};
beat();
process.on('disconnect', () => process.exit());
