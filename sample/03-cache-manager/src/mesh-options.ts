import type { MeshOptions } from 'nestjs-mesh';

/** How this instance takes part, from the environment: as it stands, on the loopback interface alone. */
export function meshOptions(env: NodeJS.ProcessEnv): MeshOptions {
  return {
    cluster: env.MESH_CLUSTER ?? 'sample-03',
    port: env.MESH_PORT === undefined ? undefined : Number(env.MESH_PORT),
    // By address, as the loopback interface has other names on other systems.
    interface: env.MESH_INTERFACE ?? '127.0.0.1',
    peers: env.MESH_PEERS?.split(','),
    // An instance that was killed is given up after 5 of these. The default of 5 s is long for somebody who watches.
    heartbeat: 1000,
  };
}
