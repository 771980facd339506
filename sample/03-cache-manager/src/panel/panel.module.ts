import { type DynamicModule, Module } from '@nestjs/common';
import { Fleet } from '../fleet/fleet.js';
import { PanelController } from './panel.controller.js';

@Module({ controllers: [PanelController] })
export class PanelModule {
  static of(fleet: Fleet): DynamicModule {
    return { module: PanelModule, providers: [{ provide: Fleet, useValue: fleet }] };
  }
}
