import { SetMetadata } from '@nestjs/common';

/** What of a bus a method can be marked for. */
export type MeshMark = 'resync' | 'matching';

/** One metadata key for each mesh, so that a method can be marked for several. */
export function meshMarkKey(mark: MeshMark, name: string | undefined): string {
  return name === undefined ? `nestjs-mesh:on-${mark}` : `nestjs-mesh:on-${mark}:${name}`;
}

/**
 * Marks a method of a singleton provider or controller that is called with each `MeshResync` of the mesh: keys may have
 * been missed, so evict all that it `matches`. It is no event handler, and no key from the network can reach it.
 * Guards, pipes, interceptors and filters do not apply.
 */
export function OnMeshResync(name?: string): MethodDecorator {
  return SetMetadata(meshMarkKey('resync', name), true);
}

/**
 * Marks a method of a singleton provider or controller that is called with each `MeshMatchingEvent` of the mesh: what
 * `publishMatching` says of all keys that match a glob. It is no event handler, and no key from the network can reach it.
 * Guards, pipes, interceptors and filters do not apply.
 */
export function OnMeshMatching(name?: string): MethodDecorator {
  return SetMetadata(meshMarkKey('matching', name), true);
}
