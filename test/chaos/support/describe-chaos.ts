import { describe, it } from '@jest/globals';
import { whyNoNetworkNamespaces } from '../../support/netns.js';
import { spawnSync } from 'node:child_process';

function obstacle(): string | undefined {
  const why = whyNoNetworkNamespaces();
  if (why !== undefined) return why;
  const { status } = spawnSync('nft', ['--version']);
  return status === 0 ? undefined : 'nft is not installed (apt-get install nftables)';
}

/** Specs that need hosts of their own and a kernel that loses packets. What CI can not run as root is a failure there. */
export function describeChaos(title: string, specs: () => void): void {
  const why = obstacle();
  if (why === undefined) {
    describe(title, specs);
    return;
  }
  // Not the console: Jest does not print what a file says that has nothing but skipped specs.
  process.stderr.write(`SKIPPED: ${title}. ${why}\n`);
  if (process.env.CI === 'true' && process.getuid?.() === 0) {
    it(title, () => {
      throw new Error(`nothing of this could be tested: ${why}`);
    });
  } else {
    describe.skip(title, specs);
  }
}
