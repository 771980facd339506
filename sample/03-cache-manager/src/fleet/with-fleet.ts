import { randomInt } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Fleet } from './fleet.js';

/** Starts three instances on a mesh and a database of their own, and ends them when the work is done. */
export async function withFleet<T>(
  env: NodeJS.ProcessEnv,
  firstPort: number,
  work: (fleet: Fleet) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'nestjs-mesh-03-cache-manager-'));
  try {
    const fleet = await Fleet.start(
      {
        // A port of its own, so that this mesh meets nobody who happens to be there.
        MESH_PORT: process.env.MESH_PORT ?? String(randomInt(20_000, 32_000)),
        DATABASE_FILE: process.env.DATABASE_FILE ?? join(folder, 'products.db'),
        MAY_CRASH: 'yes',
        ...env,
      },
      firstPort,
    );
    try {
      return await work(fleet);
    } finally {
      await fleet.stop();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
