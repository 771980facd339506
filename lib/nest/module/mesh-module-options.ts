import type { ConfigurableModuleAsyncOptions } from '@nestjs/common';
import type { MeshTransportOptions } from '../serialization.js';

/** What the module itself needs to know, before there are any options of the bus. */
export interface MeshModuleExtras {
  /** Tells several meshes of one application apart. Default none: the mesh that is injected by its classes. */
  readonly name?: string | undefined;
  /** Whether the mesh can be injected everywhere, or only where this module is imported. Default `true`. */
  readonly isGlobal?: boolean | undefined;
}

/** Options of `MeshModule.forRoot`. In them `selfDelivery` is `true` by default, and `logger` is Nest's. */
export type MeshModuleOptions = MeshTransportOptions & MeshModuleExtras;

/** What a class that `useClass` or `useExisting` names has to offer. */
export interface MeshOptionsFactory {
  createMeshOptions(): MeshTransportOptions | Promise<MeshTransportOptions>;
}

/** Options of `MeshModule.forRootAsync`: `imports`, `inject`, and one of `useFactory`, `useClass` and `useExisting`. */
export type MeshModuleAsyncOptions = ConfigurableModuleAsyncOptions<MeshTransportOptions, 'createMeshOptions'> &
  MeshModuleExtras;
