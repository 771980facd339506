import { describe, expect, it } from '@jest/globals';
import { MeshError } from '../../../lib/errors/mesh-error.js';
import type { MeshOptions } from '../../../lib/options/mesh-options.js';
import { resolveMeshOptions } from '../../../lib/options/resolve-mesh-options.js';

function mistakeIn(options: unknown): string {
  try {
    resolveMeshOptions(options as MeshOptions);
  } catch (error) {
    if (error instanceof MeshError && error.code === 'MESH_ERR_CONFIG') return error.message;
    throw error;
  }
  return 'none';
}

const console4 = { error: () => {}, warn: () => {}, log: () => {} };

describe('resolveMeshOptions', () => {
  it('gives the documented defaults', () => {
    const { logger, ...rest } = resolveMeshOptions(undefined);
    expect(rest).toEqual({
      port: 7946,
      group: '239.0.0.1',
      interfaces: undefined,
      seeds: [],
      advertise: undefined,
      heartbeatMs: 5000,
      batchIntervalMs: 100,
      batchSize: 20,
      startTimeoutMs: 2000,
      cluster: 'default',
      zone: undefined,
      secret: undefined,
      secretMode: 'strict',
      allow: undefined,
      selfDelivery: false,
      onIsolation: 'serve',
      multicastTtl: 1,
      limits: {
        peers: 4096,
        unverifiedPeers: 1024,
        pendingKeys: 100_000,
        sendsInFlight: 64,
        repairBytes: 4_194_304,
        repairAge: 300_000,
        streamEvents: 10_000,
        handlers: 1000,
        handlerEvents: 100_000,
      },
    });
    expect(Object.keys(logger)).toEqual(['error', 'warn', 'log']);
  });

  it('takes undefined for left out, of known names and of unknown ones', () => {
    const known: MeshOptions = { port: undefined, limits: { peers: undefined } };
    const options = { ...known, secret: undefined, secretMode: undefined, tls: undefined };
    expect(resolveMeshOptions(options)).toEqual(resolveMeshOptions(undefined));
  });

  it('takes what every option allows', () => {
    const logger = { ...console4, debug: () => {} };
    const resolved = resolveMeshOptions({
      port: 65_535,
      group: false,
      interface: ['eth0', '10.0.0.5', 'eth0'],
      peers: ['10.0.0.2', '10.0.0.3:8000', 'mesh.example.org:8001', 'mesh', 'mesh'],
      advertiseAddr: '203.0.113.7:9000',
      heartbeat: 100,
      batchInterval: 0,
      batchSize: 65_535,
      startTimeout: 60_000,
      cluster: 'é'.repeat(32),
      zone: 'z'.repeat(32),
      allow: ['10.1.2.3/8', '192.0.2.1', '0.0.0.0/0'],
      selfDelivery: true,
      onIsolation: 'flush',
      multicastTtl: 255,
      limits: { streamEvents: 1, repairBytes: 65_536, repairAge: 3_600_000 },
      logger,
    });
    expect(resolved).toMatchObject({
      port: 65_535,
      group: false,
      interfaces: ['eth0', '10.0.0.5'],
      seeds: [
        { host: '10.0.0.2', port: 65_535 },
        { host: '10.0.0.3', port: 8000 },
        { host: 'mesh.example.org', port: 8001 },
        { host: 'mesh', port: 65_535 },
      ],
      advertise: '203.0.113.7:9000',
      batchIntervalMs: 0,
      allow: ['10.0.0.0/8', '192.0.2.1/32', '0.0.0.0/0'],
      limits: { peers: 4096, streamEvents: 1, repairBytes: 65_536, repairAge: 3_600_000 },
    });
    expect(resolved.logger).toBe(logger);
  });

  it('takes one interface as a list of one', () => {
    expect(resolveMeshOptions({ interface: 'lo' }).interfaces).toEqual(['lo']);
  });

  it('lets its caller choose defaults, and the options override them', () => {
    const defaults = { selfDelivery: true, logger: console4 };
    expect(resolveMeshOptions({}, defaults)).toMatchObject({ selfDelivery: true, logger: console4 });
    const resolved = resolveMeshOptions({ selfDelivery: false, logger: false }, defaults);
    expect(resolved.selfDelivery).toBe(false);
    expect(resolved.logger).not.toBe(console4);
  });

  it('is frozen to the bottom', () => {
    const resolved = resolveMeshOptions({ peers: ['a:1'], interface: ['lo'], allow: ['10.0.0.0/8'] });
    const { seeds, interfaces, allow, limits } = resolved;
    for (const part of [resolved, seeds, seeds[0], interfaces, allow, limits]) expect(Object.isFrozen(part)).toBe(true);
    expect(Object.isFrozen(resolveMeshOptions({ logger: console4 }).logger)).toBe(false);
  });

  it('reads each option once and changes nothing, whatever kind of object it is given', () => {
    const reads: string[] = [];
    class Config {
      get port(): number {
        reads.push('port');
        return 8000;
      }
    }
    expect(resolveMeshOptions(new Config()).port).toBe(8000);
    expect(reads).toEqual(['port']);

    const frozen = Object.freeze({ peers: Object.freeze(['a:1']), limits: Object.freeze({ peers: 3 }) });
    expect(resolveMeshOptions(frozen).limits.peers).toBe(3);
  });

  it('has no part in later changes of what it was given', () => {
    const peers = ['a:1'];
    const resolved = resolveMeshOptions({ peers });
    peers.push('b:1');
    expect(resolved.seeds).toHaveLength(1);
  });

  const wrong: [option: string, value: unknown, message: string][] = [
    ['port', 70_000, 'port is 70000: it must be a whole number, 1 to 65535'],
    ['port', 0, 'port is 0'],
    ['port', '7946', 'port is "7946": it must be a whole number, 1 to 65535, and not text (a string)'],
    ['port', NaN, 'port is NaN'],
    ['port', 1.5, 'port is 1.5'],
    ['port', 10n, 'port is 10n'],
    ['group', true, 'group is true: it must be an IPv4 multicast address'],
    ['group', '10.0.0.1', 'group is "10.0.0.1"'],
    ['group', '240.0.0.1', 'group is "240.0.0.1"'],
    ['group', 'ff02::1', '(IPv6 is not supported)'],
    ['interface', '', 'interface is ""'],
    ['interface', [], 'interface is empty: name one, or leave it out for all'],
    ['interface', ['eth0', 7], 'interface[1] is 7'],
    ['interface', 'fe80::1', 'interface is "fe80::1"'],
    ['interface', { name: 'eth0' }, 'interface is an object: it must be a name'],
    ['peers', 'host:1', 'peers is "host:1": it must be a list of'],
    ['peers', ['a:1,b:2'], 'peers[0] is "a:1,b:2"'],
    ['peers', ['ok:1', '[::1]:7946'], 'peers[1] is "[::1]:7946"'],
    ['peers', ['host:0'], 'peers[0] is "host:0"'],
    ['peers', ['host:65536'], 'peers[0] is "host:65536"'],
    ['peers', ['host:'], 'peers[0] is "host:"'],
    ['peers', [''], 'peers[0] is ""'],
    ['peers', ['10.0.0.256'], 'peers[0] is "10.0.0.256"'],
    ['peers', ['0.0.0.0:7946'], 'peers[0] is "0.0.0.0:7946"'],
    ['peers', ['239.0.0.1'], 'peers[0] is "239.0.0.1"'],
    ['peers', ['-host'], 'peers[0] is "-host"'],
    ['peers', [null], 'peers[0] is null'],
    ['peers', ['udp://user:hunter2@host:1'], 'peers[0] is "udp://…@host:1"'],
    ['advertiseAddr', '0.0.0.0:7946', 'advertiseAddr is "0.0.0.0:7946"'],
    ['advertiseAddr', '10.0.0.5', 'advertiseAddr is "10.0.0.5"'],
    ['advertiseAddr', 'host:7946', 'advertiseAddr is "host:7946"'],
    ['heartbeat', 99, 'heartbeat is 99: it must be a whole number, 100 to 20000'],
    ['heartbeat', 20_001, 'heartbeat is 20001'],
    ['batchInterval', -1, 'batchInterval is -1: it must be a whole number, 0 to 10000'],
    ['batchSize', 0, 'batchSize is 0: it must be a whole number, 1 to 65535'],
    ['startTimeout', Infinity, 'startTimeout is Infinity'],
    ['cluster', '', 'cluster is "": it must be text of 1 to 64 bytes'],
    ['cluster', 'é'.repeat(33), 'cluster is "é'],
    ['cluster', '\ud800', 'cluster is "\\ud800"'],
    ['zone', '', 'zone is "": it must be text of 1 to 32 bytes'],
    ['zone', 'z'.repeat(33), 'zone is "zzz'],
    ['allow', '10.0.0.0/8', 'allow is "10.0.0.0/8": it must be a list of'],
    ['allow', [], 'allow is empty: nobody could be heard'],
    ['allow', ['10.0.0.0/33'], 'allow[0] is "10.0.0.0/33"'],
    ['allow', ['10.0.0.0/8/8'], 'allow[0] is "10.0.0.0/8/8"'],
    ['allow', ['fe80::/10'], 'allow[0] is "fe80::/10"'],
    ['selfDelivery', 'yes', 'selfDelivery is "yes": it must be true or false'],
    ['onIsolation', 'panic', `onIsolation is "panic": it must be 'serve' or 'flush'`],
    ['multicastTtl', 256, 'multicastTtl is 256: it must be a whole number, 0 to 255'],
    ['limits', 5, 'limits is 5: it must be an object'],
    ['limits', { peers: 0 }, 'limits.peers is 0: it must be a whole number, 1 or more'],
    ['limits', { pendingkeys: 1 }, 'limits.pendingkeys is not an option: did you mean pendingKeys?'],
    ['limits', { pendingKeys: Infinity }, 'limits.pendingKeys is Infinity'],
    ['limits', { repairBytes: 65_535 }, 'limits.repairBytes is 65535: it must be a whole number, 65536 to 1073741824'],
    ['limits', { repairAge: 999 }, 'limits.repairAge is 999: it must be a whole number, 1000 to 3600000'],
    ['limits', { repairAge: 3_600_001 }, 'limits.repairAge is 3600001'],
    ['logger', true, 'logger is true: it must be an object with the methods error, warn and log, or false'],
    ['logger', { error: () => {}, info: () => {} }, 'logger has no function warn, log'],
    ['logger', { ...console4, debug: 1 }, 'logger has no function debug'],
    ['heartbeatInterval', 100, 'heartbeatInterval is not an option: did you mean heartbeat?'],
    ['batchSzie', 100, 'batchSzie is not an option: did you mean batchSize?'],
    ['Port', 100, 'Port is not an option: did you mean port?'],
    ['tls', {}, 'tls is not an option: there are port, group'],
    ['multicast', false, 'multicast is not an option; to do without multicast: group: false'],
    ['limits', { multicast: 1 }, 'limits.multicast is not an option: there are peers'],
    [
      'secret',
      'hunter2',
      'secret is too short: it must be at least 16 bytes; `npx nestjs-mesh keygen` makes a good one',
    ],
    ['secretMode', 'strict', 'secretMode says how a secret is used, and there is none: set secret, or leave it out'],
    ['secretMode', 'lax', "secretMode must be 'strict' or 'accept-plain' or 'send-both'"],
    ['secrets', 'hunter2', 'secrets is not an option: did you mean secret?'],
  ];

  it.each(wrong)('refuses %s: %p', (option, value, message) => {
    expect(mistakeIn({ [option]: value })).toContain(message);
  });

  it('refuses what is no object', () => {
    expect(mistakeIn('239.0.0.1')).toContain('options is "239.0.0.1": it must be an object');
    expect(mistakeIn([])).toContain('options is a list of 0');
  });

  it('tells all mistakes in one error', () => {
    const message = mistakeIn({ port: -1, group: 'x', clutser: 'shop', peers: ['a:b', '::1'], limits: { peers: '3' } });
    expect(message.split('\n')).toEqual([
      'wrong mesh options:',
      expect.stringContaining('port is -1'),
      expect.stringContaining('group is "x"'),
      expect.stringContaining('peers[0] is "a:b"'),
      expect.stringContaining('peers[1] is "::1"'),
      expect.stringContaining('limits.peers is "3"'),
      expect.stringContaining('clutser is not an option: did you mean cluster?'),
    ]);
  });

  it('shows no value of an option that it does not know, and none whole that is long', () => {
    expect(mistakeIn({ secret: 'hunter2', password: 'hunter2' })).not.toContain('hunter2');
    expect(mistakeIn({ port: 'x'.repeat(10_000) }).length).toBeLessThan(300);
  });

  it('tells of a getter that throws', () => {
    const options = {
      get port(): number {
        throw new Error('no configuration yet');
      },
    };
    expect(mistakeIn(options)).toContain('port can not be read: its getter threw');
  });
});
