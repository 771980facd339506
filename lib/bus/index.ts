export { MeshError } from '../errors/mesh-error.js';
export { MeshQuorumError } from '../errors/mesh-quorum-error.js';
export { MESH_ERROR_CODES } from '../errors/mesh-error-code.js';
export { bindCache } from './bind-cache.js';
export { isMeshBus } from './is-mesh-bus.js';
export { MeshBus } from './mesh-bus.js';

export type { MeshErrorCode } from '../errors/mesh-error-code.js';
export type { PeerState as MeshPeerState } from '../membership/peer-view.js';
export type { MeshKeyring } from '../options/mesh-keyring.js';
export type { MeshLimits } from '../options/mesh-limits.js';
export type { MeshLogger } from '../options/mesh-logger.js';
export type { MeshOptions } from '../options/mesh-options.js';
export type { Fence as MeshFence } from '../reliability/fences.js';
export type { MeshBindable, MeshBindOptions, MeshCacheBinding } from './bind-cache.js';
export type { MeshInvalidateOptions } from './cache-channel.js';
export type { MeshEvent, MeshMatchingEvent, MeshMetadata } from './mesh-event.js';
export type { MeshMetrics } from './mesh-metrics.js';
export type { MeshPeer, MeshRole, MeshUnreadable } from './mesh-peer.js';
export type {
  MeshAwaitOptions,
  MeshPublishMatchingOptions,
  MeshPublishOptions,
  MeshRevokeOptions,
  MeshWaitOptions,
} from './mesh-publish-options.js';
export type { MeshReceipt, MeshReceiptNode } from './mesh-receipt.js';
export type { MeshReply, MeshReplyObserver, MeshRequest, MeshRequestOptions, MeshResponder } from './mesh-request.js';
export type { MeshResync, MeshResyncReason } from './mesh-resync.js';
export type { MeshSnapshot } from './mesh-snapshot.js';
export type { MeshStatus } from './mesh-status.js';
export type {
  MeshBatchListener,
  MeshKeySubscription,
  MeshListener,
  MeshListenOptions,
  MeshStreamOptions,
  MeshSubscription,
} from './mesh-subscription.js';
