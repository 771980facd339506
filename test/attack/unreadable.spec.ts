import { afterEach, describe, expect, it } from '@jest/globals';
import { inspect } from 'node:util';
import { HealthIndicatorService, TerminusModule } from '@nestjs/terminus';
import { Test } from '@nestjs/testing';
import { MeshClient, MeshModule, MeshServer } from 'nestjs-mesh';
import { MeshBus, type MeshOptions } from 'nestjs-mesh/bus';
import { MeshHealthIndicator } from 'nestjs-mesh/terminus';
import { Inbox } from '../support/inbox.js';
import { until } from './support/attacker.js';
import { Battlefield, expectTraffic } from './support/battlefield.js';
import { GUESSED, SECRET } from './support/seal.js';
import * as wire from './support/wire.js';

const field = new Battlefield();
afterEach(() => field.close());

interface Lines {
  readonly lines: Inbox<string>;
  readonly logger: NonNullable<Exclude<MeshOptions['logger'], false>>;
}

/** A logger of every level that there may be. */
function logbook(): Lines {
  const lines = new Inbox<string>();
  const write = (message: unknown, ...more: readonly unknown[]): void => lines.add(inspect([message, ...more]));
  const logger = { log: write, warn: write, error: write, debug: write, verbose: write, fatal: write };
  return { lines, logger };
}

describe.each([
  ['has another secret', { secret: SECRET }, { secret: GUESSED }, 'other-secret', /same secret/],
  ['has no secret', { secret: SECRET }, {}, 'plain', /Give it the secret/],
  ['has one, and this node has none', {}, { secret: SECRET }, 'sealed', /Give it the secret of the mesh/],
])('a node that %s', (_name, mine, theirs, reason, advice) => {
  it('is in the snapshot, in the health, and in one line of the log that says what to check', async () => {
    const { lines, logger } = logbook();
    const node = await field.node({ ...mine, heartbeat: 100, logger });
    const other = await field.node({ ...theirs, heartbeat: 100 });
    await until(() => node.bus.snapshot().unreadable.length > 0, 'it is noticed');
    expect(node.bus.snapshot().unreadable).toMatchObject([{ address: other.bus.address, id: other.bus.id, reason }]);
    const health = new MeshHealthIndicator(new HealthIndicatorService(), node.bus);
    expect(Object.values(await health.isHealthy('mesh'))).toMatchObject([
      { status: 'degraded', unreadable: 1, message: 'a node can not be read: has every one the same secret?' },
    ]);
    // It goes on for a while, and others come that are no better.
    const third = await field.node({ ...theirs, heartbeat: 100 });
    const isListed = (): boolean => node.bus.snapshot().unreadable.length === 2;
    await until(isListed, 'both are noticed');
    const warned = lines.items.filter((line) => line.includes('snapshot().unreadable'));
    expect(warned).toHaveLength(1);
    expect(warned[0]).toMatch(advice);
    expect(warned[0]).toContain(other.bus.address);
    await Promise.all([other.bus.close(), third.bus.close()]);
    expect(node.bus.peers()).toEqual([]);
    await until(() => node.bus.snapshot().unreadable.length === 0, 'it is forgotten', 10_000);
    expect(await health.isHealthy('mesh')).toMatchObject({ mesh: { status: 'up' } });
  }, 30_000);
});

describe('what a node tells', () => {
  const bytes = Buffer.from('0123456789abcdef-bytes-of-a-secret');

  /** Every way in which a secret could be written. */
  function waysToWrite(secret: string | Buffer): readonly string[] {
    const raw = Buffer.from(secret);
    const hex = raw.toString('hex');
    return [
      ...[raw.toString('latin1'), raw.subarray(0, 12).toString('latin1'), raw.subarray(-12).toString('latin1')],
      ...[hex, hex.toUpperCase(), hex.slice(0, 24), hex.slice(0, 24).replace(/..(?!$)/g, '$& ')],
      ...[raw.toString('base64'), raw.toString('base64').slice(0, 16), raw.toString('base64url').slice(0, 16)],
      ...[[...raw].join(','), [...raw].join(', '), [...raw.subarray(0, 8)].join(', ')],
    ];
  }

  const DEEP = { depth: null, showHidden: true, getters: true, maxArrayLength: null, maxStringLength: null } as const;

  it.each([
    ['text', SECRET],
    ['bytes', bytes],
    ['a keyring', { primary: 'one', keys: { one: SECRET, two: bytes, three: GUESSED } }],
  ])(
    'has no secret in it (%s)',
    async (_name, secret) => {
      const said: string[] = [];
      const { lines, logger } = logbook();
      const node = await field.node({ secret, heartbeat: 100, logger });
      const other = await field.node({ secret: 'quite another secret of a mesh', heartbeat: 100 });
      const friend = await field.node({ secret });
      await friend.bus.waitForPeers(1);
      await expectTraffic([node, friend], 'before');
      await until(() => node.bus.snapshot().unreadable.length > 0, 'the other is noticed');
      const attacker = await field.attackers.open();
      await attacker.strike(node.bus, [wire.hello(wire.randomId()), wire.datagram(wire.Type.sealed, wire.randomId())]);
      node.bus.setKeyring(secret);
      for (const wrong of [{ primary: 'x', keys: { one: secret } }, { secret }, [secret], `${SECRET}\ud800`]) {
        for (const run of [
          () => node.bus.setKeyring(wrong as never),
          () => new MeshBus({ secret: wrong as never, port: 0 }),
          () => new MeshBus({ secret, secretMode: secret as never, heartbeat: 1 }),
        ]) {
          try {
            run();
          } catch (error) {
            said.push(inspect(error, DEEP), String(error), JSON.stringify(error));
          }
        }
      }
      const module = await Test.createTestingModule({
        imports: [
          TerminusModule.forRoot({ logger: false }),
          MeshModule.forRoot({ secret, port: field.port, interface: 'lo', logger }),
        ],
      }).compile();
      await module.init();
      const [server, client] = [module.get(MeshServer), module.get(MeshClient)];
      for (const one of [node.bus, server, client, server.unwrap(), module.get(MeshBus)]) {
        said.push(inspect(one, DEEP), inspect(one));
      }
      for (const { bus } of [node, friend, other]) said.push(JSON.stringify(bus.snapshot()), JSON.stringify(bus));
      said.push(
        JSON.stringify(await new MeshHealthIndicator(new HealthIndicatorService(), node.bus).isHealthy('mesh')),
      );
      await module.close();
      await node.bus.close();
      said.push(...lines.items);
      expect(lines.items.length).toBeGreaterThan(1);
      const all = said.join('\n');
      expect(all.length).toBeGreaterThan(10_000);
      for (const one of [SECRET, bytes, GUESSED]) {
        for (const way of waysToWrite(one)) expect(all.includes(way)).toBe(false);
      }
    },
    30_000,
  );
});
