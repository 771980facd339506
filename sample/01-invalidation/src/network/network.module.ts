import { Module } from '@nestjs/common';
import { BadNetwork } from './bad-network.js';
import { NetworkController } from './network.controller.js';

@Module({
  controllers: [NetworkController],
  // Made while Nest makes all providers, which is before the mesh opens its sockets.
  providers: [{ provide: BadNetwork, useFactory: () => BadNetwork.install() }],
})
export class NetworkModule {}
