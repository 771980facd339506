import { createServer, type Server } from 'node:net';

/** The wanted TCP ports of 127.0.0.1, each replaced by another one where somebody has it. */
export async function freePorts(wanted: readonly number[]): Promise<readonly number[]> {
  const servers: Server[] = [];
  try {
    // All are held until the last is found, or the same one could be found twice.
    for (const port of wanted) servers.push(await listen(port).catch(() => listen(0)));
    return servers.map(portOf);
  } finally {
    await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  }
}

function listen(port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
