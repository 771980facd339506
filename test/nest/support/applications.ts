/* eslint-disable @typescript-eslint/no-unsafe-class-instance-assignment -- Nest declares its options as a class */
import 'reflect-metadata';
import { type INestApplication, Module, type ModuleMetadata, type NestApplicationOptions } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { connectMesh } from 'nestjs-mesh';

/** A module class made from metadata. */
export function moduleOf(metadata: ModuleMetadata): new () => object {
  @Module(metadata)
  class SpecModule {}
  return SpecModule;
}

export const quiet: NestApplicationOptions = { logger: false, abortOnError: false };

/** What was opened, closed again in reverse order behind each spec. */
export class Opened {
  readonly #open: { close(): unknown }[] = [];

  add<T extends { close(): unknown }>(thing: T): T {
    this.#open.push(thing);
    return thing;
  }

  async close(): Promise<void> {
    for (const thing of this.#open.splice(0).reverse()) await thing.close();
  }

  /** An HTTP application that is created and not yet initialised. */
  async application(metadata: ModuleMetadata): Promise<INestApplication> {
    return this.add(await NestFactory.create(moduleOf(metadata), quiet));
  }

  /** An HTTP application that is connected to its mesh and initialised. */
  async connected(metadata: ModuleMetadata, before?: (app: INestApplication) => void): Promise<INestApplication> {
    const app = await this.application(metadata);
    before?.(app);
    connectMesh(app);
    await app.startAllMicroservices();
    return app.init();
  }
}
