import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { MeshError } from '../../errors/mesh-error.js';
import type { MeshBatchContext } from '../server/mesh-batch.context.js';
import type { MeshContext } from '../server/mesh.context.js';

/**
 * The key that was published or asked, as a parameter of a handler. With data the payload is the data, so that this is
 * the way to learn which key a pattern matched.
 *
 * @example onInvalidate(@MeshKey() key: string, @Payload() data: unknown) { … }
 */
export const MeshKey: () => ParameterDecorator = createParamDecorator((_: unknown, host: ExecutionContext) => {
  const context = host.switchToRpc().getContext<MeshContext | MeshBatchContext>();
  if ('getKey' in context) return context.getKey();
  throw new MeshError('MESH_ERR_UNSUPPORTED', 'a batch handler has no @MeshKey(): take the events from @Payload()');
});
