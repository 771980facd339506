import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { MeshContext } from '../server/mesh.context.js';

/**
 * The key that was published, as a parameter of an event handler. With data the payload is the data, so that this is
 * the way to learn which key a pattern matched.
 *
 * @example onInvalidate(@MeshKey() key: string, @Payload() data: unknown) { … }
 */
export const MeshKey: () => ParameterDecorator = createParamDecorator((_: unknown, context: ExecutionContext) =>
  context.switchToRpc().getContext<MeshContext>().getKey(),
);
