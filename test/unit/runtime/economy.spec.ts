import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { MeshNode } from '../../../lib/core/mesh-node.js';
import type { OutgoingEvent } from '../../../lib/delivery/pending-event.js';
import type { Endpoint } from '../../../lib/primitives/endpoint.js';
import { MeshDriver } from '../../../lib/runtime/mesh-driver.js';
import type { DatagramTransport, TransportHandlers, TransportSnapshot } from '../../../lib/runtime/ports.js';
import { simulatedConfig } from '../../../lib/simulation/simulated-config.js';
import { SeededRandom } from '../../../lib/primitives/seeded-random.js';
import { FakeClock } from '../../support/fake-clock.js';
import { MAX_WIRE_BYTES } from '../../../lib/wire/packet.js';
import { bare, BenchPeer, NodeBench } from '../../support/node-bench.js';

// What times depend on and a slow machine does not change: datagrams, bytes, calls of the kernel, timers, buffers.

const KEYS = 10_000;
/** 1143 bytes less a header of 20 with the count, and a trailer of 20, hold 50 keys of 20 bytes. */
const PER_DATAGRAM = 50;
const DATAGRAMS = Math.ceil(KEYS / PER_DATAGRAM);
const OVERHEAD_BYTES = 18 + 2 + 20;

function keys(count = KEYS): string[] {
  return Array.from({ length: count }, (_, index) => `invalidate:user:${String(index).padStart(4, '0')}`);
}

/** Takes everything at once, and counts. */
class CountingTransport implements DatagramTransport {
  calls = 0;
  bytes = 0;
  readonly #endpoint: Endpoint = '10.0.0.1:7946';

  open(handlers: TransportHandlers): Promise<void> {
    handlers.onEndpoints([this.#endpoint]);
    return Promise.resolve();
  }

  send(
    _bytes: Buffer,
    length: number,
    toGroup: boolean,
    to: readonly Endpoint[],
    done: (failed: number) => void,
  ): void {
    this.calls += to.length + (toGroup ? 1 : 0);
    this.bytes += length;
    process.nextTick(done, 0);
  }

  snapshot(): TransportSnapshot {
    return { endpoints: [this.#endpoint], multicast: ['lo'], receiveBufferBytes: undefined, refusedSources: 0 };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

describe('What a publish costs', () => {
  afterEach(() => {
    jest.restoreAllMocks();
  });

  it('is a datagram for 50 keys of 20 bytes, and for a row of them one repetition and four beacons', () => {
    const bench = NodeBench.ready();
    bench.publish(...keys());
    bench.advance(1000);
    const counts = new Map<string, number>();
    for (const { packet } of bench.sent) counts.set(packet.kind, (counts.get(packet.kind) ?? 0) + 1);
    expect(Object.fromEntries(counts)).toEqual({ batch: DATAGRAMS, repair: 1, beacon: 4 });
    const bytes = bench.of('batch').reduce((sum, { length }) => sum + length, 0);
    expect(bytes).toBe(KEYS * 22 + DATAGRAMS * OVERHEAD_BYTES);
  });

  it('is one call of the kernel a datagram for all who hear the group, one timer, and no more buffers than are under way', async () => {
    const clock = new FakeClock();
    const transport = new CountingTransport();
    const config = { ...simulatedConfig(new SeededRandom(1), false), startTimeoutMs: 0 };
    const ports = { clock, transport, random: config.random, resolver: { resolve: () => Promise.resolve([]) } };
    const driver = new MeshDriver(new MeshNode(config), ports, [], {
      onEvent: () => undefined,
      onWarning: () => undefined,
    });
    await driver.open();
    await clock.advance(2000);
    const before = { calls: transport.calls, timers: clock.scheduled };
    const allocated = jest.spyOn(Buffer, 'allocUnsafeSlow');
    const events: OutgoingEvent[] = keys().map(bare);
    driver.publish(events);
    await clock.advance(0);
    expect(transport.calls - before.calls).toBe(DATAGRAMS);
    expect(clock.scheduled - before.timers).toBe(1);
    // The greetings have left two buffers.
    const sizes = allocated.mock.calls.map(([size]) => size);
    expect(sizes.filter((size) => size === MAX_WIRE_BYTES)).toHaveLength(config.limits.sendsInFlight - 2);
    // What can be repeated: 248 KiB hold 200 datagrams, and are used again after that.
    const KIB = 1024;
    expect(sizes.filter((size) => size !== MAX_WIRE_BYTES)).toEqual([8, 16, 32, 64, 128].map((kib) => kib * KIB));
    await driver.close();
  });

  it('is for a receiver one report in 15 datagrams', () => {
    const bench = NodeBench.ready();
    const peer = BenchPeer.met(bench, '10.0.0.2:7946');
    bench.advance(1000);
    bench.forget();
    for (let sequence = 1; sequence <= 150; sequence++) peer.say(peer.batch(keys(PER_DATAGRAM), sequence));
    expect(bench.sent.map(({ packet }) => packet.kind)).toEqual(Array.from({ length: 10 }, () => 'ack'));
    expect(bench.sent.reduce((sum, { length }) => sum + length, 0)).toBe(10 * 48);
  });
});
