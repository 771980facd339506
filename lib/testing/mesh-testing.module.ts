import { type DynamicModule, Module } from '@nestjs/common';
import type { MeshModuleAsyncOptions, MeshModuleOptions } from '../nest/module/mesh-module-options.js';
import { MeshModule } from '../nest/module/mesh.module.js';
import { MESH_INTERNALS } from '../nest/module/mesh.tokens.js';
import { MemoryMesh } from './memory-mesh.js';

/** Where a test has its mesh from. */
export interface MeshTestingExtras {
  /** Shared by the applications and buses of a test. Default: one of this module's own, to be had as `MemoryMesh`. */
  readonly mesh?: MemoryMesh | undefined;
}

export type MeshTestingModuleOptions = MeshModuleOptions & MeshTestingExtras;

export type MeshTestingModuleAsyncOptions = MeshModuleAsyncOptions & MeshTestingExtras;

/** What `MeshModule` gives an application, on a network in memory, and that network: `MemoryMesh`. */
@Module({})
export class MeshTestingModule {
  /** @throws MeshError as `MeshModule.forRoot` */
  static forRoot({ mesh, ...options }: MeshTestingModuleOptions = {}): DynamicModule {
    return inMemory(MeshModule.forRoot(options), mesh);
  }

  /** @throws MeshError as `MeshModule.forRootAsync` */
  static forRootAsync({ mesh, ...options }: MeshTestingModuleAsyncOptions): DynamicModule {
    return inMemory(MeshModule.forRootAsync(options), mesh);
  }
}

/** Of two providers of one token Nest takes the last. */
function inMemory(definition: DynamicModule, mesh = new MemoryMesh()): DynamicModule {
  return {
    ...definition,
    module: MeshTestingModule,
    providers: [
      ...(definition.providers ?? []),
      { provide: MESH_INTERNALS, useFactory: () => mesh.internals },
      { provide: MemoryMesh, useFactory: () => mesh },
    ],
    exports: [...(definition.exports ?? []), MemoryMesh],
  };
}
