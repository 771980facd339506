import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Seed } from '../../../lib/options/resolved-mesh-options.js';
import type { Endpoint } from '../../../lib/primitives/endpoint.js';
import type { Resolver } from '../../../lib/runtime/ports.js';
import { SeedAddresses } from '../../../lib/runtime/seed-addresses.js';
import { FakeClock } from '../../support/fake-clock.js';

/** Names that stand for addresses; one that is not there hangs. */
class Names implements Resolver {
  readonly known = new Map<string, readonly string[]>();
  readonly asked: string[] = [];

  resolve(host: string): Promise<readonly string[]> {
    this.asked.push(host);
    const addresses = this.known.get(host);
    return addresses === undefined ? new Promise(() => {}) : Promise.resolve(addresses);
  }
}

let clock: FakeClock;
let names: Names;
let told: (readonly Endpoint[])[];
beforeEach(() => {
  clock = new FakeClock();
  names = new Names();
  told = [];
});

function start(...seeds: Seed[]): SeedAddresses {
  const addresses = new SeedAddresses(seeds, { clock, resolver: names }, (endpoints) => told.push(endpoints));
  addresses.start();
  return addresses;
}

describe('SeedAddresses', () => {
  it('tells literals at once, though a name hangs', () => {
    start({ host: '10.0.0.2', port: 7946 }, { host: 'hangs.example', port: 7946 });
    expect(told).toEqual([['10.0.0.2:7946']]);
  });

  it('tells nothing where there are no seeds, and sets no timer', () => {
    start();
    expect(told).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  it('tells all addresses of a name beside the literals', async () => {
    names.known.set('mesh.example', ['10.0.0.3', '10.0.0.4']);
    start({ host: '10.0.0.2', port: 1 }, { host: 'mesh.example', port: 2 });
    await clock.advance(0);
    expect(told.at(-1)).toEqual(['10.0.0.2:1', '10.0.0.3:2', '10.0.0.4:2']);
  });

  it('looks up each name once for all its ports', async () => {
    names.known.set('mesh.example', ['10.0.0.3']);
    start({ host: 'mesh.example', port: 1 }, { host: 'mesh.example', port: 2 });
    await clock.advance(0);
    expect(names.asked).toEqual(['mesh.example']);
    expect(told.at(-1)).toEqual(['10.0.0.3:1', '10.0.0.3:2']);
  });

  it('looks again every 10 s and tells what has changed', async () => {
    names.known.set('mesh.example', ['10.0.0.3']);
    start({ host: 'mesh.example', port: 1 });
    await clock.advance(9999);
    names.known.set('mesh.example', ['10.0.0.9']);
    expect(told).toEqual([['10.0.0.3:1']]);
    await clock.advance(1);
    expect(told).toEqual([['10.0.0.3:1'], ['10.0.0.9:1']]);
  });

  it('is silent when the answer is the same in another order', async () => {
    names.known.set('mesh.example', ['10.0.0.3', '10.0.0.4']);
    start({ host: 'mesh.example', port: 1 });
    await clock.advance(0);
    names.known.set('mesh.example', ['10.0.0.4', '10.0.0.3']);
    await clock.advance(30_000);
    expect(names.asked).toHaveLength(4);
    expect(told).toHaveLength(1);
  });

  it('keeps the addresses of a name that stops resolving', async () => {
    names.known.set('mesh.example', ['10.0.0.3']);
    start({ host: 'mesh.example', port: 1 });
    await clock.advance(0);
    names.known.set('mesh.example', []);
    await clock.advance(20_000);
    expect(told).toEqual([['10.0.0.3:1']]);
  });

  it('asks for a name that hangs no second time, and for the others on', async () => {
    names.known.set('mesh.example', ['10.0.0.3']);
    start({ host: 'hangs.example', port: 1 }, { host: 'mesh.example', port: 1 });
    await clock.advance(30_000);
    expect(names.asked.filter((host) => host === 'hangs.example')).toHaveLength(1);
    expect(names.asked.filter((host) => host === 'mesh.example')).toHaveLength(4);
  });

  it('tells nothing after it is closed', async () => {
    names.known.set('mesh.example', ['10.0.0.3']);
    start({ host: 'mesh.example', port: 1 }).close();
    await clock.advance(30_000);
    expect(told).toEqual([]);
    expect(clock.pending).toBe(0);
  });
});
