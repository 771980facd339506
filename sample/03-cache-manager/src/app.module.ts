import { CacheModule } from '@nestjs/cache-manager';
import { Module } from '@nestjs/common';
import { Keyv } from 'keyv';
import { MeshModule } from 'nestjs-mesh';
import { MeshCacheModule } from 'nestjs-mesh/cache';
import { meshOptions } from './mesh-options.js';
import { ProductsModule } from './products/products.module.js';
import { TTL_MS } from './settings.js';
import { WatchModule } from './watch/watch.module.js';

@Module({
  imports: [
    MeshModule.forRoot(meshOptions(process.env)),
    CacheModule.register({ isGlobal: true, stores: [new Keyv({ ttl: TTL_MS })] }),
    MeshCacheModule.forRoot(),
    ProductsModule,
    WatchModule,
  ],
})
export class AppModule {}
