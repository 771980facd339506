import type { ResolvedMeshOptions } from '../options/resolved-mesh-options.js';
import { NodeClock } from './node-clock.js';
import { NodeDatagramTransport } from './node-datagram-transport.js';
import { NodeRandom } from './node-random.js';
import { NodeResolver } from './node-resolver.js';
import type { RuntimePorts } from './ports.js';

/** The ports of a node in this process, on the networks of this host. Nothing is opened yet. */
export function nodePorts(options: ResolvedMeshOptions): RuntimePorts {
  const clock = new NodeClock();
  return {
    clock,
    transport: new NodeDatagramTransport(options, clock),
    random: new NodeRandom(),
    resolver: new NodeResolver(),
  };
}
