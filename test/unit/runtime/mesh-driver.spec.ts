import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Arrival } from '../../../lib/core/arrival.js';
import { MeshNode } from '../../../lib/core/mesh-node.js';
import type { NodeEvent } from '../../../lib/core/node-event.js';
import type { Transmit } from '../../../lib/core/transmit.js';
import type { OutgoingEvent } from '../../../lib/delivery/pending-event.js';
import type { Seed } from '../../../lib/options/resolved-mesh-options.js';
import { DEFAULT_MESH_LIMITS } from '../../../lib/options/default-mesh-options.js';
import type { Endpoint } from '../../../lib/primitives/endpoint.js';
import { NODE_ID_BYTES, type NodeId } from '../../../lib/primitives/node-id.js';
import { MeshDriver } from '../../../lib/runtime/mesh-driver.js';
import type {
  DatagramTransport,
  TransportHandlers,
  TransportSnapshot,
  TransportWarning,
} from '../../../lib/runtime/ports.js';
import { codeThrownBy } from '../../support/codes.js';
import { FakeClock } from '../../support/fake-clock.js';
import { seededRandom } from '../../support/seeded-random.js';

interface Sent {
  readonly bytes: Buffer;
  readonly toGroup: boolean;
  readonly to: readonly Endpoint[];
}

/** Sockets in memory: what is sent is kept, and taken by the kernel when the test says so. */
class KeptTransport implements DatagramTransport {
  readonly sent: Sent[] = [];
  /** What the kernel has not taken yet. */
  readonly #waiting: ((failures: number) => void)[] = [];
  handlers: TransportHandlers | undefined;
  opening: Promise<void> = Promise.resolve();
  closes = 0;
  /** Whether the kernel takes everything at the end of the turn. */
  swift = true;
  onSend: ((sent: Sent) => void) | undefined;

  constructor(readonly endpoint: Endpoint) {}

  async open(handlers: TransportHandlers): Promise<void> {
    await this.opening;
    this.handlers = handlers;
    handlers.onEndpoints([this.endpoint]);
  }

  send(
    bytes: Buffer,
    length: number,
    toGroup: boolean,
    to: readonly Endpoint[],
    done: (failures: number) => void,
  ): void {
    const sent = { bytes: Buffer.from(bytes.subarray(0, length)), toGroup, to };
    this.sent.push(sent);
    this.onSend?.(sent);
    this.#waiting.push(done);
    if (this.swift) process.nextTick(() => this.take(0));
  }

  /** The kernel takes what waits, or refuses it for so many destinations. */
  take(failures: number): void {
    for (const done of this.#waiting.splice(0)) done(failures);
  }

  snapshot(): TransportSnapshot {
    return { endpoints: [this.endpoint], multicast: ['lo'], receiveBufferBytes: 1, refusedSources: 0 };
  }

  async close(): Promise<void> {
    this.closes++;
  }
}

/** Notes in which order the driver speaks to the node. */
class NotedNode extends MeshNode {
  readonly notes: string[] = [];

  override join(now: number): void {
    this.notes.push('join');
    super.join(now);
  }
  override leave(now: number): void {
    this.notes.push('leave');
    super.leave(now);
  }
  override publish(now: number, events: readonly OutgoingEvent[]): ReturnType<MeshNode['publish']> {
    this.notes.push('publish');
    return super.publish(now, events);
  }
  override handleSeeds(now: number, endpoints: readonly Endpoint[]): void {
    this.notes.push('seeds');
    super.handleSeeds(now, endpoints);
  }
  override handleEndpoints(now: number, endpoints: readonly Endpoint[]): void {
    this.notes.push('endpoints');
    super.handleEndpoints(now, endpoints);
  }
  override handleDatagram(now: number, arrival: Arrival, bytes: Buffer): void {
    this.notes.push('datagram');
    super.handleDatagram(now, arrival, bytes);
  }
  override handleSent(now: number, id: number, failed: boolean): void {
    this.notes.push(failed ? 'sent-failed' : 'sent');
    super.handleSent(now, id, failed);
  }
  override handleTimeout(now: number): void {
    this.notes.push('timeout');
    super.handleTimeout(now);
  }
  override pollTransmit(now: number, wallClockMs: number, into: Buffer): Transmit | undefined {
    const transmit = super.pollTransmit(now, wallClockMs, into);
    this.notes.push(transmit === undefined ? 'no-transmit' : 'transmit');
    return transmit;
  }
  override pollEvent(): NodeEvent | undefined {
    const event = super.pollEvent();
    this.notes.push(event === undefined ? 'no-event' : 'event');
    return event;
  }
}

interface Rig {
  readonly node: NotedNode;
  readonly driver: MeshDriver;
  readonly transport: KeptTransport;
  readonly events: NodeEvent[];
  readonly warnings: TransportWarning[];
}

let clock: FakeClock;
const rigs: Rig[] = [];
beforeEach(() => {
  clock = new FakeClock();
});
afterEach(async () => {
  const closes = rigs.splice(0).map(({ driver, transport }) => {
    transport.swift = true;
    return driver.close();
  });
  await clock.advance(2000);
  await Promise.all(closes);
});

function rig(seeds: readonly Seed[] = [], onEvent?: (event: NodeEvent, of: Rig) => void): Rig {
  const number = rigs.length + 1;
  const random = seededRandom(number);
  const node = new NotedNode({
    id: String.fromCharCode(number).repeat(NODE_ID_BYTES) as NodeId,
    random,
    cluster: 'default',
    zone: undefined,
    client: false,
    heartbeatMs: 5000,
    batchIntervalMs: 100,
    batchSize: 20,
    startTimeoutMs: 2000,
    multicast: true,
    hasSeeds: seeds.length > 0,
    limits: DEFAULT_MESH_LIMITS,
  });
  const transport = new KeptTransport(`10.0.0.${number}:7946`);
  const events: NodeEvent[] = [];
  const warnings: TransportWarning[] = [];
  const resolver = { resolve: () => Promise.resolve([]) };
  const driver = new MeshDriver(node, { transport, clock, random, resolver }, seeds, {
    onEvent(event) {
      events.push(event);
      onEvent?.(event, made);
    },
    onWarning: (warning) => warnings.push(warning),
  });
  const made = { node, driver, transport, events, warnings };
  rigs.push(made);
  return made;
}

function carryBetween(...all: Rig[]): void {
  for (const { transport } of all) {
    transport.onSend = ({ bytes, toGroup, to }) => {
      for (const other of all) {
        if (other.transport === transport || !(toGroup || to.includes(other.transport.endpoint))) continue;
        clock.scheduleImmediate(() =>
          other.transport.handlers?.onDatagram({ from: transport.endpoint, viaGroup: toGroup }, bytes),
        );
      }
    };
  }
}

/** A node that has somebody to say goodbye to. */
async function meetingRig(): Promise<Rig> {
  const [one, two] = [rig(), rig()];
  carryBetween(one, two);
  await Promise.all([one.driver.open(), two.driver.open()]);
  await clock.advance(1000);
  expect(one.driver.peers()).toHaveLength(1);
  return one;
}

const key = (name: string): OutgoingEvent => ({ kind: 'key', key: name, data: undefined, metadata: undefined });
const kinds = (events: readonly NodeEvent[]): string[] =>
  events.map((event) => (event.kind === 'status' ? event.status : event.kind));

/** What does not follow the law that each input is followed by a drain to the end before the next one. */
function breach(notes: readonly string[]): string | undefined {
  const text = notes.join(' ');
  const input = '(?:join|leave|publish|seeds|endpoints|datagram|sent|sent-failed|timeout)';
  return text.replace(new RegExp(`${input} (?:transmit )*no-transmit (?:event )*no-event ?`, 'g'), '') || undefined;
}

describe('MeshDriver', () => {
  it('opens, gives the node its addresses and seeds, and joins', async () => {
    const { driver, node, events } = rig([{ host: '10.0.0.9', port: 7946 }]);
    await driver.open();
    const inputs = node.notes.filter((note) => !/transmit|event/.test(note));
    expect(inputs).toEqual(['endpoints', 'seeds', 'join']);
    expect(kinds(events)).toEqual(['joining']);
  });

  it('drains after every input, in a conversation of two', async () => {
    const [one, two] = [rig(), rig()];
    carryBetween(one, two);
    await Promise.all([one.driver.open(), two.driver.open()]);
    await clock.advance(1000);
    for (let round = 0; round < 20; round++) one.driver.publish([key(`k${round}`)]);
    await clock.advance(20_000);
    expect(two.events.flatMap((event) => (event.kind === 'keys' ? event.keys : []))).toHaveLength(20);
    for (const { node } of [one, two]) {
      expect(node.notes.length).toBeGreaterThan(100);
      expect(breach(node.notes)).toBeUndefined();
    }
  });

  it('reports ready, and what was published before then goes out with it', async () => {
    const { driver, events, transport } = rig();
    const opened = driver.open();
    const publication = driver.publish([key('early')]);
    await opened;
    await clock.advance(299);
    expect(transport.sent.some(({ bytes }) => bytes.includes('early'))).toBe(false);
    await clock.advance(1);
    expect(transport.sent.some(({ bytes }) => bytes.includes('early'))).toBe(true);
    expect(kinds(events)).toEqual(['joining', 'ready', 'flushed']);
    const flushed = events.flatMap((event) => (event.kind === 'flushed' ? [event.ticket] : []));
    expect(flushed[0]).toBeGreaterThanOrEqual(publication?.ticket ?? Infinity);
  });

  it('sends what an idle node publishes at the end of the turn', async () => {
    const { driver, transport } = rig();
    await driver.open();
    await clock.advance(1000);
    const before = transport.sent.length;
    driver.publish([key('a')]);
    driver.publish([key('b')]);
    expect(transport.sent).toHaveLength(before);
    clock.endTurn();
    expect(transport.sent).toHaveLength(before + 1);
  });

  it('hands events on one by one, so that a handler which publishes is the next input', async () => {
    const depths: number[] = [];
    let depth = 0;
    const { driver, node } = rig([], (event, of) => {
      depths.push(++depth);
      if (event.kind === 'status') of.driver.publish([key(event.status)]);
      depth--;
    });
    await driver.open();
    await clock.advance(1000);
    expect(depths.length).toBeGreaterThan(2);
    expect(new Set(depths)).toEqual(new Set([1]));
    expect(breach(node.notes)).toBeUndefined();
  });

  it('runs no handler within a call of publish', async () => {
    const { driver, events, transport } = rig();
    await driver.open();
    await clock.advance(1000);
    transport.swift = false;
    const before = events.length;
    const publication = driver.publish([key('taken back')])!;
    driver.withdraw(publication);
    expect(events).toHaveLength(before);
    await Promise.resolve();
    expect(kinds(events.slice(before))).toEqual(['flushed']);
  });

  it('survives a handler that throws, tells it, and goes on', async () => {
    const { driver, events, warnings } = rig([], () => {
      throw new Error('listener broke');
    });
    await driver.open();
    await clock.advance(1000);
    expect(kinds(events)).toEqual(['joining', 'ready']);
    expect(warnings[0]).toMatchObject({ code: 'handler-failed', message: expect.stringContaining('listener broke') });
  });

  it('tells the node of refusals by the kernel', async () => {
    const { driver, node, transport } = rig();
    transport.swift = false;
    await driver.open();
    await clock.advance(100);
    transport.take(2);
    expect(node.notes).toContain('sent-failed');
    expect(driver.stats().counters.sendFailures).toBeGreaterThan(0);
  });

  it('lays out no two datagrams in one buffer while the first is on its way', async () => {
    const { driver, transport } = rig();
    await driver.open();
    await clock.advance(1000);
    transport.swift = false;
    const buffers: Buffer[] = [];
    const send = transport.send.bind(transport);
    transport.send = (bytes, ...rest) => {
      buffers.push(bytes);
      send(bytes, ...rest);
    };
    driver.publish([{ ...key('a'), data: Buffer.alloc(1000) }]);
    driver.publish([{ ...key('b'), data: Buffer.alloc(1000) }]);
    clock.endTurn();
    expect(buffers).toHaveLength(2);
    expect(new Set(buffers).size).toBe(2);
    transport.take(0);
    driver.publish([key('c')]);
    clock.endTurn();
    expect(buffers.slice(0, 2)).toContain(buffers[2]);
  });

  it('drops what arrives before it has joined', async () => {
    const { driver, node, transport } = rig();
    const opened = driver.open();
    await Promise.resolve();
    transport.handlers?.onDatagram({ from: '10.0.0.9:1', viaGroup: true }, Buffer.alloc(30));
    await opened;
    expect(node.notes).not.toContain('datagram');
  });

  it('says goodbye on close, and closes when the kernel has it', async () => {
    const { driver, events, transport } = await meetingRig();
    transport.swift = false;
    const before = transport.sent.length;
    let closed = false;
    const closing = driver.close().then(() => (closed = true));
    await clock.advance(200);
    expect(transport.sent.length).toBeGreaterThan(before);
    expect(closed).toBe(false);
    transport.swift = true;
    transport.take(0);
    await clock.advance(500);
    await closing;
    expect(kinds(events).at(-1)).toBe('left');
    expect(transport.closes).toBe(1);
  });

  it('waits a second at most for a goodbye that the kernel does not take', async () => {
    const { driver, transport } = await meetingRig();
    transport.swift = false;
    driver.publish([key('never taken')]);
    let closed = false;
    const closing = driver.close().then(() => (closed = true));
    await clock.advance(999);
    expect(closed).toBe(false);
    await clock.advance(1);
    await closing;
    expect(transport.closes).toBe(1);
  });

  it('closes once, however often it is asked, and takes nothing any more', async () => {
    const { driver, node, transport } = rig();
    await driver.open();
    await clock.advance(1000);
    const closings = [driver.close(), driver.close()];
    await clock.advance(2000);
    await Promise.all(closings);
    expect(transport.closes).toBe(1);
    expect(clock.pending).toBe(0);
    const notes = node.notes.length;
    transport.handlers?.onDatagram({ from: '10.0.0.9:1', viaGroup: true }, Buffer.alloc(30));
    transport.handlers?.onEndpoints([]);
    transport.take(0);
    expect(node.notes).toHaveLength(notes);
    expect(codeThrownBy(() => driver.publish([key('late')]))).toBe('MESH_ERR_CLOSED');
  });

  it('closes before it was opened, and is not opened then', async () => {
    const { driver, transport } = rig();
    await driver.close();
    await expect(driver.open()).rejects.toMatchObject({ code: 'MESH_ERR_CLOSED' });
    expect(transport.handlers).toBeUndefined();
  });

  it('closes while it is being opened', async () => {
    const { driver, node, transport } = rig();
    let bound = (): void => {};
    transport.opening = new Promise((resolve) => (bound = resolve));
    const opening = driver.open();
    const closing = driver.close();
    bound();
    await expect(opening).rejects.toMatchObject({ code: 'MESH_ERR_CLOSED' });
    await closing;
    expect(node.notes).not.toContain('join');
    expect(transport.closes).toBe(1);
    expect(clock.pending).toBe(0);
  });

  it('closes after it failed to open', async () => {
    const { driver, transport } = rig();
    transport.opening = Promise.reject(new Error('no socket'));
    await expect(driver.open()).rejects.toThrow('no socket');
    await driver.close();
    expect(transport.closes).toBe(1);
  });

  it('takes nobody for silent whose datagrams wait in the socket after a stall', async () => {
    const [one, two] = [rig(), rig()];
    carryBetween(one, two);
    await Promise.all([one.driver.open(), two.driver.open()]);
    await clock.advance(60_000);
    const heartbeat = two.transport.sent.at(-1)!;
    const before = one.node.notes.length;
    clock.stall(60_000);
    clock.fireDue();
    one.transport.handlers?.onDatagram({ from: two.transport.endpoint, viaGroup: true }, heartbeat.bytes);
    await clock.advance(0);
    const heard = one.node.notes.slice(before).filter((note) => /datagram|timeout/.test(note));
    expect(heard[0]).toBe('datagram');
  });
});
