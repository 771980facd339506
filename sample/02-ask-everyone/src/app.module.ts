import { Module } from '@nestjs/common';
import { MeshModule } from 'nestjs-mesh';
import { ProductsCache } from './products.cache.js';
import { ProductsController } from './products.controller.js';
import { ProductsStore } from './products.store.js';
import { StatsController } from './stats.controller.js';

@Module({
  imports: [
    MeshModule.forRoot({
      cluster: 'ask-everyone',
      // Nothing leaves this machine. By address, as the loopback interface has other names on other systems.
      interface: '127.0.0.1',
      port: Number(process.env.MESH_PORT),
      // An instance that was killed is given up after 5 of these.
      heartbeat: 1000,
    }),
  ],
  controllers: [ProductsController, StatsController],
  providers: [ProductsCache, ProductsStore],
})
export class AppModule {}
