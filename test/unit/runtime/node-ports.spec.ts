import { describe, expect, it } from '@jest/globals';
import { resolveMeshOptions } from '../../../lib/options/resolve-mesh-options.js';
import { nodePorts } from '../../../lib/runtime/node-ports.js';

const ports = nodePorts(resolveMeshOptions({ logger: false }));

describe('nodePorts', () => {
  it('opens nothing', () => {
    expect(ports.transport.snapshot()).toMatchObject({ endpoints: [], multicast: [], refusedSources: 0 });
  });

  it('closes what was never opened', async () => {
    await nodePorts(resolveMeshOptions({ logger: false })).transport.close();
  });

  it('gives numbers of 32 bits that do not repeat', () => {
    const numbers = Array.from({ length: 10_000 }, () => ports.random.u32());
    expect(numbers.every((number) => Number.isInteger(number) && number >= 0 && number < 2 ** 32)).toBe(true);
    // Two equal ones among 10,000 of 2^32 come in 1 % of runs; a pool that is read twice gives thousands.
    expect(new Set(numbers).size).toBeGreaterThan(9990);
  });

  it('resolves a name of this host, and an address, to distinct IPv4 addresses', async () => {
    expect(await ports.resolver.resolve('localhost')).toEqual(['127.0.0.1']);
    expect(await ports.resolver.resolve('10.0.0.7')).toEqual(['10.0.0.7']);
  });

  it('resolves what can not be to nothing, and rejects never', async () => {
    expect(await ports.resolver.resolve('no host\u0000name')).toEqual([]);
  });
});
