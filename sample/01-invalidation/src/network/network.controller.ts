import { Body, Controller, Get, Put } from '@nestjs/common';
import { BadNetwork } from './bad-network.js';
import { type NetworkReport, parseNetworkState } from './network-state.js';

@Controller('network')
export class NetworkController {
  constructor(private readonly network: BadNetwork) {}

  @Get()
  report(): NetworkReport {
    return this.network.report();
  }

  @Put()
  change(@Body() body: unknown): NetworkReport {
    this.network.change(parseNetworkState(body));
    return this.network.report();
  }
}
