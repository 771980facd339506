import { MeshError } from '../errors/mesh-error.js';

/**
 * What the loader gives. One that takes too long is left to itself: what it gives later is nobody's.
 *
 * @throws MeshError `MESH_ERR_TIMEOUT`, as a rejection; what the loader throws
 */
export async function withinLoadTimeout<T>(ms: number, loader: () => T | Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    const giveUp = (): void => reject(new MeshError('MESH_ERR_TIMEOUT', `the loader took longer than ${ms} ms`));
    timer = setTimeout(giveUp, ms).unref();
  });
  try {
    return await Promise.race([loader(), late]);
  } finally {
    clearTimeout(timer);
  }
}
