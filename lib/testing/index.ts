export { createMemoryMesh } from './create-memory-mesh.js';
export { MemoryMesh } from './memory-mesh.js';
export { MeshLoss } from './mesh-loss.js';
export { MeshTestingModule } from './mesh-testing.module.js';

export type {
  MemoryMeshOptions,
  MeshSettledOptions,
  MeshTestResync,
  OverridableModule,
} from './memory-mesh-options.js';
export type { MeshLossOptions } from './mesh-loss.js';
export type {
  MeshTestingExtras,
  MeshTestingModuleAsyncOptions,
  MeshTestingModuleOptions,
} from './mesh-testing.module.js';
