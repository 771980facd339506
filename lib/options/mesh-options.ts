import type { MeshKeyring } from './mesh-keyring.js';
import type { MeshLimits } from './mesh-limits.js';
import type { MeshLogger } from './mesh-logger.js';

/**
 * How a node takes part in a mesh. Every option may be left out or `undefined`. All times are in milliseconds.
 *
 * Options are parsed once; what is wrong with any of them is reported together, and the object given is never changed.
 */
export interface MeshOptions {
  /** UDP port of the multicast group, and of this node itself when it is free. 1 to 65535; default 7946. */
  readonly port?: number | undefined;

  /**
   * IPv4 multicast group (224.0.0.0/4) in which one datagram reaches everyone. `false` sends to each peer by itself: for
   * networks without multicast, such as most Kubernetes clusters. Default `239.0.0.1`.
   */
  readonly group?: string | false | undefined;

  /**
   * Name or IPv4 address of the network interface for multicast, or several. Default: every one that is up and knows
   * multicast; `lo` if there is no other.
   */
  readonly interface?: string | readonly string[] | undefined;

  /**
   * Seeds: nodes to greet first, each `host:port` or `host` (then with `port`). From one seed that is alive a node
   * learns of everyone. A DNS name stands for all its addresses and is resolved again every 10 s. Default none.
   */
  readonly peers?: readonly string[] | undefined;

  /** `ip:port` at which others reach this node, where that is not what its own sockets say (address translation). */
  readonly advertiseAddr?: string | undefined;

  /**
   * Interval of the membership's keep-alive. A peer is suspected after 3 of its intervals in silence and given up after
   * 5, so a shorter one notices sooner and costs more traffic. 100 to 20,000; default 5000.
   */
  readonly heartbeat?: number | undefined;

  /**
   * The longest that a key may wait to be sent together with others. Only a busy bus waits at all: an idle one sends at
   * the end of the turn. 0 to 10,000; default 100.
   */
  readonly batchInterval?: number | undefined;

  /** Number of waiting keys that ends the wait. Datagrams are packed full whatever it says. 1 to 65,535; default 20. */
  readonly batchSize?: number | undefined;

  /** How long `start()` waits for seeds to answer. Without seeds it waits 300 ms for anyone. 0 to 60,000; default 2000. */
  readonly startTimeout?: number | undefined;

  /**
   * Name of the mesh, 1 to 64 bytes. Nodes of another name on the same group and port are not heard. v1 peers of Warp
   * Mesh have no name and are heard whatever it is. Default `default`.
   */
  readonly cluster?: string | undefined;

  /** Failure domain of this node, at most 32 bytes, told to all peers. Default none. */
  readonly zone?: string | undefined;

  /**
   * What the nodes of a mesh share and nobody else knows: who does not have it can neither read what they send nor send
   * what they take. Text, of which the UTF-8 counts, or bytes: at least 16 of them, at most 1024; `npx nestjs-mesh keygen`
   * makes a good one, as its strength is all that protects the mesh. Or several, to rotate them. Default none: everyone
   * who reaches the port is heard.
   */
  readonly secret?: string | Uint8Array | MeshKeyring | undefined;

  /**
   * What else a node with a secret sends and hears, for a roll-out without a gap. `strict`: sealed only. `send-both`:
   * sends everything twice, sealed and plain, and hears both. `accept-plain`: sends plain, and hears both. A mesh that is
   * plain goes from `accept-plain` on all nodes over `send-both` on all to `strict`. Only with `secret`. Default `strict`.
   */
  readonly secretMode?: 'strict' | 'accept-plain' | 'send-both' | undefined;

  /** CIDR blocks that datagrams may come from. Default: loopback, private, 100.64/10, 169.254/16 and own subnets. */
  readonly allow?: readonly string[] | undefined;

  /** Whether own publishes reach own handlers: once, and before the network. Default `false`; `true` in `MeshModule`. */
  readonly selfDelivery?: boolean | undefined;

  /**
   * What happens when every known peer has gone silent. `serve`: status, health and one warning tell it. `flush`: also
   * a resync that covers everything, and no fence is current until somebody is heard again, as others may write what
   * this node can not hear. Default `serve`.
   */
  readonly onIsolation?: 'serve' | 'flush' | undefined;

  /** How many routers a multicast datagram may pass, 0 to 255. Default 1: none. */
  readonly multicastTtl?: number | undefined;

  /** The bounds of what a node keeps. */
  readonly limits?: { readonly [Name in keyof MeshLimits]?: MeshLimits[Name] | undefined } | undefined;

  /** Where messages go. Default: `console`, warnings and errors only. `false`: nowhere. */
  readonly logger?: MeshLogger | false | undefined;
}
