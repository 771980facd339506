import { ConfigurableModuleBuilder, type DynamicModule, Module } from '@nestjs/common';
import { MeshError } from '../../errors/mesh-error.js';
import type { MeshTransportOptions } from '../serialization.js';
import type { MeshModuleAsyncOptions, MeshModuleExtras, MeshModuleOptions } from './mesh-module-options.js';
import { defineMesh, MESH_OPTIONS } from './mesh.providers.js';

const { ConfigurableModuleClass } = new ConfigurableModuleBuilder<MeshTransportOptions>({
  optionsInjectionToken: MESH_OPTIONS,
})
  .setClassMethodName('forRoot')
  .setFactoryMethodName('createMeshOptions')
  .setExtras<MeshModuleExtras>({ name: undefined, isGlobal: undefined }, defineMesh)
  .build();

/**
 * Gives an application `MeshBus`, `MeshServer` and `MeshClient`: one node of the mesh, shared by all three. It starts
 * while the application initialises, is ready when `app.init()` or `app.listen()` resolves, and is closed by
 * `app.close()` behind everything that may still emit. Event handlers need `connectMesh(app)` besides.
 */
@Module({})
export class MeshModule extends ConfigurableModuleClass {
  /**
   * @throws MeshError `MESH_ERR_CONFIG` from here for a wrong name; when the application starts, for wrong options or
   * a second mesh of the same name
   */
  static override forRoot(options: MeshModuleOptions = {}): DynamicModule {
    return super.forRoot(options);
  }

  /**
   * @throws MeshError `MESH_ERR_CONFIG` from here for a wrong name, or without a source of options; when the application
   * starts, for wrong options or a second mesh of the same name
   */
  static override forRootAsync(options: MeshModuleAsyncOptions): DynamicModule {
    if (options.useFactory === undefined && options.useClass === undefined && options.useExisting === undefined) {
      throw new MeshError('MESH_ERR_CONFIG', 'MeshModule.forRootAsync needs useFactory, useClass or useExisting');
    }
    return super.forRootAsync(options);
  }
}
