import { resolveMeshOptions } from '../../lib/options/resolve-mesh-options.js';
import type { MeshOptions } from '../../lib/options/mesh-options.js';
import type { Endpoint } from '../../lib/primitives/endpoint.js';
import { NodeClock } from '../../lib/runtime/node-clock.js';
import { NodeDatagramTransport, type TransportTuning } from '../../lib/runtime/node-datagram-transport.js';
import type { Clock, TransportWarning } from '../../lib/runtime/ports.js';
import { Inbox } from './inbox.js';

export interface Heard {
  readonly from: Endpoint;
  readonly viaGroup: boolean;
  readonly text: string;
}

/** The sockets of a node without the node: on loopback if nothing else is said. */
export class RawTransport {
  readonly heard = new Inbox<Heard>();
  readonly endpoints: (readonly Endpoint[])[] = [];
  readonly warnings = new Inbox<TransportWarning>();
  readonly transport: NodeDatagramTransport;

  constructor(options: MeshOptions, tuning: TransportTuning = {}, clock: Clock = new NodeClock()) {
    this.transport = new NodeDatagramTransport(resolveMeshOptions({ interface: 'lo', ...options }), clock, tuning);
  }

  get endpoint(): Endpoint {
    return this.transport.snapshot().endpoints[0]!;
  }

  async open(): Promise<this> {
    await this.transport.open({
      onDatagram: ({ from, viaGroup }, bytes) => this.heard.add({ from, viaGroup, text: bytes.toString() }),
      onEndpoints: (endpoints) => this.endpoints.push(endpoints),
      onWarning: this.warnings.add,
    });
    return this;
  }

  /** How many destinations the kernel refused. */
  send(text: string, to: { readonly group?: boolean; readonly endpoints?: readonly Endpoint[] }): Promise<number> {
    const bytes = Buffer.from(text);
    return new Promise((resolve) => {
      this.transport.send(bytes, bytes.length, to.group === true, to.endpoints ?? [], resolve);
    });
  }

  close(): Promise<void> {
    return this.transport.close();
  }
}
