import { MeshBus } from 'nestjs-mesh/bus';
import { NodeDatagramTransport } from '../../../dist/esm/runtime/node-datagram-transport.js';
import { nodePorts } from '../../../dist/esm/runtime/node-ports.js';

/**
 * A bus whose sockets ask the kernel for so large a buffer. The kernel's own bound is of the whole machine, no matter
 * which namespace asks, so a test that needs a small one can not lower that.
 */
export function makeBus(options, receiveBufferBytes) {
  if (receiveBufferBytes === undefined) return new MeshBus(options);
  const makePorts = (resolved) => {
    const ports = nodePorts(resolved);
    return { ...ports, transport: new NodeDatagramTransport(resolved, ports.clock, { receiveBufferBytes }) };
  };
  return new MeshBus(options, { makePorts });
}
