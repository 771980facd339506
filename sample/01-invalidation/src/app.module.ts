import { Module } from '@nestjs/common';
import { MeshModule } from 'nestjs-mesh';
import { MeshController } from './mesh.controller.js';
import { meshOptions } from './mesh-options.js';
import { ProductsModule } from './products/products.module.js';

@Module({
  imports: [MeshModule.forRoot(meshOptions(process.env)), ProductsModule],
  controllers: [MeshController],
})
export class AppModule {}
