import type { MeshLimits } from './mesh-limits.js';

/** What holds for each bound that is left out. */
export const DEFAULT_MESH_LIMITS: MeshLimits = Object.freeze({
  // At 1000 nodes the tables of a node take some megabytes; four times that is beyond what one group should carry.
  peers: 4096,
  // Greetings are all that a stranger costs, so a flood of forged ones may fill this table and nothing else.
  unverifiedPeers: 1024,
  // About a quarter of a second of sending at full speed, and some 10 MB of keys.
  pendingKeys: 100_000,
  // A default socket buffer of Linux holds 92 full datagrams.
  sendsInFlight: 64,
  // Some 3500 full datagrams, or 20 s of a busy service; with what others sent as much again.
  repairBytes: 4 * 1024 * 1024,
  // Longer than any stall that a process survives.
  repairAge: 300_000,
  // A reader that is this far behind will not catch up, and 10,000 events are a few megabytes.
  streamEvents: 10_000,
  // Far more than a pool of connections takes at once, and at 10 ms a run 100,000 events/s: more than one core can give
  // to handlers of Nest. Each costs some kilobytes while it is under way.
  handlers: 1000,
  // As much as a publisher may have waiting, so that what it can send in one go is lost to no handler; some 25 MB.
  handlerEvents: 100_000,
});

/** What holds for each option that is left out; an option that is not here has no default value. */
export const DEFAULT_MESH_OPTIONS = Object.freeze({
  // Port and group of Warp Mesh, so that both find each other without configuration.
  port: 7946,
  group: '239.0.0.1',
  // Suspicion after 15 s, death after 25 s: longer than any ordinary pause of a process, shorter than a human's patience.
  heartbeatMs: 5000,
  // Only a busy bus waits; 100 ms is the original's, and what a reader hardly notices.
  batchIntervalMs: 100,
  // Some 20 ordinary keys fill a datagram.
  batchSize: 20,
  // Long enough for greetings at 0, 100, 300 and 900 ms to be answered, short enough for a rolling restart.
  startTimeoutMs: 2000,
  cluster: 'default',
  // Who sets a secret means that nobody else is heard.
  secretMode: 'strict',
  // As Warp Mesh: a publisher has already dealt with its own cache.
  selfDelivery: false,
  // A cache that goes on serving is what most want from a node that stands alone, as the only one of its service does.
  onIsolation: 'serve',
  // The group is for the local network; routers need to be asked explicitly.
  multicastTtl: 1,
} as const);
