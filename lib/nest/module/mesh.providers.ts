import type { DynamicModule, FactoryProvider } from '@nestjs/common';
import { DiscoveryModule, DiscoveryService, MetadataScanner, ModulesContainer } from '@nestjs/core';
import type { BusInternals } from '../../bus/bus-engine.js';
import { MeshBus } from '../../bus/mesh-bus.js';
import { MeshError } from '../../errors/mesh-error.js';
import { MeshClient } from '../client/mesh.client.js';
import { meshTransport } from '../mesh-transport.js';
import { nestLogger } from '../nest-logger.js';
import { type MeshTransportOptions, separateOptions } from '../serialization.js';
import { MeshServer } from '../server/mesh.server.js';
import type { MeshModuleExtras } from './mesh-module-options.js';
import { MeshExplorer } from './mesh.explorer.js';
import { MeshLifecycle } from './mesh.lifecycle.js';
import { overridable } from './overridden-bus.js';
import { MESH_INTERNALS, meshBusToken, meshClientToken, meshServerToken } from './mesh.tokens.js';

export const MESH_OPTIONS = 'MESH_OPTIONS';

type Name = MeshModuleExtras['name'];
/** A factory may give nothing at all. */
type Options = MeshTransportOptions | undefined;

/** Completes what `forRoot` and `forRootAsync` have in common: one bus, and a server and a client that share it. */
export function defineMesh(definition: DynamicModule, { name, isGlobal }: MeshModuleExtras): DynamicModule {
  assertName(name);
  return {
    ...definition,
    global: isGlobal ?? true,
    imports: [...(definition.imports ?? []), DiscoveryModule],
    providers: [
      ...(definition.providers ?? []),
      { provide: MESH_INTERNALS, useValue: {} },
      busProvider(name),
      explorerProvider(name),
      serverProvider(name),
      clientProvider(name),
      lifecycleProvider(name),
    ],
    exports: [meshBusToken(name), meshServerToken(name), meshClientToken(name)],
  };
}

function busProvider(name: Name): FactoryProvider<MeshBus> {
  return {
    provide: meshBusToken(name),
    inject: [MESH_OPTIONS, ModulesContainer, MESH_INTERNALS],
    useFactory: (options: Options, modules: ModulesContainer, internals: BusInternals) => {
      assertOnly(modules, name);
      assertNoExtras(options);
      const { source } = separateOptions(options);
      const selfDelivery = options?.selfDelivery ?? true;
      return new MeshBus({ ...source, logger: nestLogger(options), selfDelivery }, internals);
    },
  };
}

function explorerProvider(name: Name): FactoryProvider<MeshExplorer> {
  return {
    provide: MeshExplorer,
    inject: [meshBusToken(name), MESH_OPTIONS, DiscoveryService, MetadataScanner],
    useFactory: (bus: MeshBus, options: Options, discovery: DiscoveryService, scanner: MetadataScanner) =>
      new MeshExplorer({ bus: overridable(bus), name, logger: nestLogger(options) }, discovery, scanner),
  };
}

function serverProvider(name: Name): FactoryProvider<MeshServer> {
  return {
    provide: meshServerToken(name),
    inject: [meshBusToken(name), MESH_OPTIONS, MeshExplorer],
    useFactory: (bus: MeshBus, options: Options, explorer: MeshExplorer) =>
      new MeshServer(overridable(bus), {
        transport: meshTransport(name),
        logger: nestLogger(options),
        beforeListen: () => explorer.bind(),
        ...separateOptions(options).serialization,
      }),
  };
}

function clientProvider(name: Name): FactoryProvider<MeshClient> {
  return {
    provide: meshClientToken(name),
    inject: [meshBusToken(name), MESH_OPTIONS],
    useFactory: (bus: MeshBus, options: Options) =>
      new MeshClient(overridable(bus), { logger: nestLogger(options), ...separateOptions(options).serialization }),
  };
}

function lifecycleProvider(name: Name): FactoryProvider<MeshLifecycle> {
  return {
    provide: MeshLifecycle,
    inject: [meshBusToken(name), meshServerToken(name), meshClientToken(name), MeshExplorer, MESH_OPTIONS],
    useFactory: (
      ...[bus, server, client, explorer, options]: [MeshBus, MeshServer, MeshClient, MeshExplorer, Options]
    ) => new MeshLifecycle({ bus, server, client, explorer, logger: nestLogger(options) }),
  };
}

function assertName(name: unknown): void {
  if (name === undefined || (typeof name === 'string' && name !== '')) return;
  throw new MeshError('MESH_ERR_CONFIG', `name of MeshModule is ${JSON.stringify(name)}: it must be text, or left out`);
}

/** They shape the providers, which exist before any factory is called. */
function assertNoExtras(options: Options): void {
  const { name, isGlobal } = (options ?? {}) as MeshModuleExtras;
  const extras = Object.entries({ name, isGlobal }).flatMap(([extra, value]) => (value === undefined ? [] : [extra]));
  if (extras.length === 0) return;
  throw new MeshError(
    'MESH_ERR_CONFIG',
    `${extras.join(' and ')} can not come from the factory of forRootAsync: write ` +
      `${extras.length === 1 ? 'it' : 'them'} beside useFactory, as in forRootAsync({ ${extras[0]}: …, useFactory: … })`,
  );
}

/** Per application and not per process: each has a container of its own. */
function assertOnly(modules: ModulesContainer, name: Name): void {
  const token = meshBusToken(name);
  const providing = [...modules.values()].filter(
    ({ providers }) => providers.has(MeshLifecycle) && providers.has(token),
  );
  if (providing.length < 2) return;
  const which = name === undefined ? 'without a name' : `named '${name}'`;
  throw new MeshError(
    'MESH_ERR_CONFIG',
    `MeshModule was configured ${providing.length} times ${which} in one application: ` +
      'import it once, it is global, or give the others names of their own, as in forRoot({ name })',
  );
}
