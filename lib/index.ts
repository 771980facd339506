export { bindCache } from './bus/bind-cache.js';
export { isMeshBus } from './bus/is-mesh-bus.js';
export { MeshBus } from './bus/mesh-bus.js';
export { MESH_ERROR_CODES } from './errors/mesh-error-code.js';
export { MeshError } from './errors/mesh-error.js';
export { MeshQuorumError } from './errors/mesh-quorum-error.js';
export { MeshClient } from './nest/client/mesh.client.js';
export { MeshRecordBuilder } from './nest/client/mesh.record-builder.js';
export { MeshRecord } from './nest/client/mesh.record.js';
export { MeshRequestBuilder } from './nest/client/mesh.request-builder.js';
export { InjectMeshBus, InjectMeshClient, InjectMeshServer } from './nest/decorators/inject-mesh.decorators.js';
export { MeshBatch } from './nest/decorators/mesh-batch.decorator.js';
export { MeshKey } from './nest/decorators/mesh-key.decorator.js';
export { OnMeshMatching, OnMeshResync } from './nest/decorators/on-mesh.decorators.js';
export { MESH_TRANSPORT, meshTransport } from './nest/mesh-transport.js';
export { connectMesh } from './nest/module/connect-mesh.js';
export { MeshModule } from './nest/module/mesh.module.js';
export { meshBusToken, meshClientToken, meshServerToken } from './nest/module/mesh.tokens.js';
export { MeshBatchContext } from './nest/server/mesh-batch.context.js';
export { MeshContext } from './nest/server/mesh.context.js';
export { MeshServer } from './nest/server/mesh.server.js';

export type { MeshBindable, MeshBindOptions, MeshCacheBinding } from './bus/bind-cache.js';
export type { MeshInvalidateOptions } from './bus/cache-channel.js';
export type { MeshEvent, MeshMatchingEvent, MeshMetadata } from './bus/mesh-event.js';
export type { MeshMetrics } from './bus/mesh-metrics.js';
export type { MeshPeer, MeshRole, MeshUnreadable } from './bus/mesh-peer.js';
export type {
  MeshAwaitOptions,
  MeshPublishMatchingOptions,
  MeshPublishOptions,
  MeshRevokeOptions,
  MeshWaitOptions,
} from './bus/mesh-publish-options.js';
export type { MeshReceipt, MeshReceiptNode } from './bus/mesh-receipt.js';
export type {
  MeshReply,
  MeshReplyObserver,
  MeshRequest,
  MeshRequestOptions,
  MeshResponder,
} from './bus/mesh-request.js';
export type { MeshResync, MeshResyncReason } from './bus/mesh-resync.js';
export type { MeshSnapshot } from './bus/mesh-snapshot.js';
export type { MeshStatus } from './bus/mesh-status.js';
export type {
  MeshBatchListener,
  MeshKeySubscription,
  MeshListener,
  MeshListenOptions,
  MeshStreamOptions,
  MeshSubscription,
} from './bus/mesh-subscription.js';
export type { MeshErrorCode } from './errors/mesh-error-code.js';
export type { PeerState as MeshPeerState } from './membership/peer-view.js';
export type { MeshConnectionStatus, MeshEventsMap } from './nest/bus-link.js';
export type { MeshRecordOptions } from './nest/client/mesh.record.js';
export type { MeshRequestRecord, MeshRequestRecordOptions } from './nest/client/mesh.request-builder.js';
export type {
  MeshModuleAsyncOptions,
  MeshModuleExtras,
  MeshModuleOptions,
  MeshOptionsFactory,
} from './nest/module/mesh-module-options.js';
export type { MeshSerializationOptions, MeshTransportOptions } from './nest/serialization.js';
export type { MeshKeyring } from './options/mesh-keyring.js';
export type { MeshLimits } from './options/mesh-limits.js';
export type { MeshLogger } from './options/mesh-logger.js';
export type { MeshOptions } from './options/mesh-options.js';
export type { Fence as MeshFence } from './reliability/fences.js';
