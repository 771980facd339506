import { Logger } from '@nestjs/common';
import type { MeshLogger } from '../options/mesh-logger.js';
import type { MeshOptions } from '../options/mesh-options.js';

/** Where a mesh says what it has to say in an application: Nest's logger, or what the options name instead. */
export function nestLogger(options?: MeshOptions): MeshLogger | false {
  return options?.logger ?? new Logger('Mesh');
}
