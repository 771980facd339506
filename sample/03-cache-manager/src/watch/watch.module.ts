import { Module } from '@nestjs/common';
import { ProductsModule } from '../products/products.module.js';
import { Sampler } from './sampler.js';
import { WatchController } from './watch.controller.js';

@Module({ imports: [ProductsModule], controllers: [WatchController], providers: [Sampler] })
export class WatchModule {}
