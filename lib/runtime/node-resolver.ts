import { lookup } from 'node:dns/promises';
import type { Resolver } from './ports.js';

/**
 * The resolver of the operating system, with its hosts file and search domains: what a name means to everything else on
 * this host.
 */
export class NodeResolver implements Resolver {
  async resolve(host: string): Promise<readonly string[]> {
    try {
      const found = await lookup(host, { all: true, family: 4 });
      return [...new Set(found.map(({ address }) => address))];
    } catch {
      return [];
    }
  }
}
