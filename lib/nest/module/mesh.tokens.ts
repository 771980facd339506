import type { InjectionToken } from '@nestjs/common';
import { MeshBus } from '../../bus/mesh-bus.js';
import { MeshClient } from '../client/mesh.client.js';
import { MeshServer } from '../server/mesh.server.js';

/** What `nestjs-mesh/testing` puts its own in the place of. One for all meshes of an application, whatever their names. */
export const MESH_INTERNALS = Symbol.for('nestjs-mesh.internals');

/** The token of a mesh's bus: the class itself without a name. */
export function meshBusToken(name?: string): InjectionToken {
  return name === undefined ? MeshBus : `MeshBus(${name})`;
}

/** The token of a mesh's client: the class itself without a name. */
export function meshClientToken(name?: string): InjectionToken {
  return name === undefined ? MeshClient : `MeshClient(${name})`;
}

/** The token of a mesh's server: the class itself without a name. */
export function meshServerToken(name?: string): InjectionToken {
  return name === undefined ? MeshServer : `MeshServer(${name})`;
}
