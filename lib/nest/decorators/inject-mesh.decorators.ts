import { Inject } from '@nestjs/common';
import { meshBusToken, meshClientToken, meshServerToken } from '../module/mesh.tokens.js';

type InjectDecorator = PropertyDecorator & ParameterDecorator;

/** Injects the `MeshBus` of the mesh that `MeshModule.forRoot({ name })` made, or of the one without a name. */
export function InjectMeshBus(name?: string): InjectDecorator {
  return Inject(meshBusToken(name));
}

/** Injects the `MeshClient` of the mesh that `MeshModule.forRoot({ name })` made, or of the one without a name. */
export function InjectMeshClient(name?: string): InjectDecorator {
  return Inject(meshClientToken(name));
}

/** Injects the `MeshServer` of the mesh that `MeshModule.forRoot({ name })` made, or of the one without a name. */
export function InjectMeshServer(name?: string): InjectDecorator {
  return Inject(meshServerToken(name));
}
