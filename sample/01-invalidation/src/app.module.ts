import { Module } from '@nestjs/common';
import { MeshModule } from 'nestjs-mesh';
import { MeshController } from './mesh.controller.js';
import { meshOptions } from './mesh-options.js';
import { NetworkModule } from './network/network.module.js';
import { ProductsModule } from './products/products.module.js';

@Module({
  imports: [MeshModule.forRoot(meshOptions(process.env)), ProductsModule, NetworkModule],
  controllers: [MeshController],
})
export class AppModule {}
