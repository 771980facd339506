/**
 * The transport id of a mesh: `@EventPattern('invalidate:*', MESH_TRANSPORT)` is a handler for the mesh alone, where
 * one without a transport belongs to every microservice that the application connects.
 */
export const MESH_TRANSPORT: unique symbol = Symbol.for('nestjs-mesh');

/**
 * The transport id of the mesh that `MeshModule.forRoot({ name })` made; {@link MESH_TRANSPORT} without a name. The
 * same name gives the same symbol everywhere, also in a process that loaded the library twice.
 */
export function meshTransport(name?: string): symbol {
  return name === undefined ? MESH_TRANSPORT : Symbol.for(`nestjs-mesh:${name}`);
}
