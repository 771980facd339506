import { Controller, Get } from '@nestjs/common';
import { MeshBus, type MeshSnapshot } from 'nestjs-mesh';

@Controller('mesh')
export class MeshController {
  constructor(private readonly bus: MeshBus) {}

  /** How the mesh looks from here: this node, its peers and its counters. */
  @Get()
  snapshot(): MeshSnapshot {
    return this.bus.snapshot();
  }
}
