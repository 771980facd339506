import { describe, expect, it } from '@jest/globals';
import { BusLog } from '../../../lib/bus/bus-log.js';
import { HandlerRunner } from '../../../lib/bus/handler-runner.js';
import { HandlerRuns } from '../../../lib/bus/handler-runs.js';
import { IncomingEvents } from '../../../lib/bus/incoming-events.js';
import { Listeners } from '../../../lib/bus/listeners.js';
import type { MeshEvent } from '../../../lib/bus/mesh-event.js';
import { newBusCounters } from '../../../lib/bus/mesh-metrics.js';
import { Subscriptions } from '../../../lib/bus/subscriptions.js';
import { EventData } from '../../../lib/bus/event-data.js';
import { AwaitedEvents } from '../../../lib/bus/awaited-events.js';
import { Glob } from '../../../lib/delivery/glob.js';
import { SILENT_LOGGER } from '../../../lib/options/mesh-logger.js';
import type { NodeId } from '../../../lib/primitives/node-id.js';
import { Fences } from '../../../lib/reliability/fences.js';

describe('IncomingEvents', () => {
  const decode = (data: string | undefined, metadata: string | undefined): unknown => {
    const counters = newBusCounters();
    const runner = new HandlerRunner(new BusLog(SILENT_LOGGER), counters, () => 0);
    const awaited = new AwaitedEvents();
    const bounds = { handlers: 1, handlerEvents: 1 };
    const subscriptions = new Subscriptions(
      new HandlerRuns({ runner, awaited, bounds, onDrop: () => {}, onRefuse: () => {} }),
      awaited,
    );
    const fences = new Fences({ isOpen: () => true, compile: (pattern) => new Glob(pattern) });
    const incoming = new IncomingEvents(
      { origin: 'self', zone: undefined },
      {
        ...{ subscriptions, matching: new Listeners(runner), counters, fences, awaited },
        eventData: new EventData(counters),
        ...{ onOutcome: () => {}, onUnheardMatching: () => {} },
      },
    );
    const heard: MeshEvent[] = [];
    subscriptions.add('k', (event) => heard.push(event), undefined, false);
    const attachment = { data: bytes(data), metadata: bytes(metadata) };
    incoming.handleKeys({
      kind: 'keys',
      origin: {
        id: 'not-a-valid-uuid' as NodeId,
        endpoint: '10.0.0.1:7946',
        zone: 'z',
        state: 'alive',
        legacy: false,
        client: false,
        lastHeardAt: 0,
      },
      sequence: 7,
      keys: ['nobody cares', 'k'],
      attachments: new Map([[1, attachment]]),
    });
    expect(heard).toHaveLength(1);
    const { origin, data: read, metadata: labels } = heard[0]!;
    return { origin, data: read, metadata: { ...labels }, undecodable: counters.undecodable };
  };

  const origin = '6e6f742d-612d-7661-6c69-642d75756964';
  const table: [what: string, data: string | undefined, metadata: string | undefined, expected: object][] = [
    ['nothing', undefined, undefined, { data: undefined, metadata: {}, undecodable: 0 }],
    ['JSON', '{"a":[1]}', '{"t":"1"}', { data: { a: [1] }, metadata: { t: '1' }, undecodable: 0 }],
    ['null', 'null', undefined, { data: null, metadata: {}, undecodable: 0 }],
    ['no bytes', '', undefined, { data: undefined, metadata: {}, undecodable: 1 }],
    ['broken data', '{', '{"t":"1"}', { data: undefined, metadata: { t: '1' }, undecodable: 1 }],
    ['broken metadata', '1', '{', { data: 1, metadata: {}, undecodable: 1 }],
    ['metadata of numbers', '1', '{"t":1}', { data: 1, metadata: {}, undecodable: 1 }],
    ['metadata that is a list', '1', '["t"]', { data: 1, metadata: {}, undecodable: 1 }],
    ['metadata that is null', '1', 'null', { data: 1, metadata: {}, undecodable: 1 }],
    ['both broken', '[', '[', { data: undefined, metadata: {}, undecodable: 2 }],
    ['bytes', '\0\xff', undefined, { data: Buffer.from('\xff'), metadata: {}, undecodable: 0 }],
    ['bytes that read as JSON', '\x001', undefined, { data: Buffer.from('1'), metadata: {}, undecodable: 0 }],
    ['bytes of which there are none', '\0', undefined, { data: Buffer.alloc(0), metadata: {}, undecodable: 0 }],
    ['metadata that are bytes', '1', '\0{}', { data: 1, metadata: {}, undecodable: 1 }],
    ['depth', '['.repeat(500) + ']'.repeat(500), undefined, { metadata: {}, undecodable: 0 }],
  ];

  it.each(table)('delivers the key, once, with %s', (_what, data, metadata, expected) => {
    expect(decode(data, metadata)).toMatchObject({ origin, ...expected });
  });

  it('reads a prototype as a name like any other', () => {
    decode('{"__proto__":{"polluted":true}}', '{"__proto__":"polluted"}');
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});

function bytes(text: string | undefined): Buffer | undefined {
  return text === undefined ? undefined : Buffer.from(text);
}
