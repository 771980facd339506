import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { MeshBus, type MeshEvent, type MeshOptions } from 'nestjs-mesh';
import { Opened } from './support/applications.js';
import { type Child, Children } from './support/children.js';
import { Inbox } from '../support/inbox.js';
import { loopback, unawaited } from './support/mesh-options.js';

const opened = new Opened();
let children: Children;
let options: MeshOptions;
let heard: Inbox<MeshEvent>;
let bus: MeshBus;
let states: Inbox<string>;

beforeAll(() => {
  children = new Children();
});
afterAll(() => children.close());

/** Hears from outside what an application in another process emits while it ends. */
beforeEach(async () => {
  options = loopback();
  heard = new Inbox();
  states = new Inbox();
  bus = opened.add(new MeshBus({ ...options, ...unawaited }));
  bus.subscribe('*', heard.add);
  bus.onPeer(({ state }) => states.add(state));
  await bus.start();
});
afterEach(() => opened.close());

function run(kind: string, end: string): Child {
  const peers = bus.snapshot().endpoints;
  return children.run('application', kind, end, JSON.stringify({ ...options, peers }));
}

const parting = ['destroy', 'before-shutdown', 'shutdown'];
const kinds = ['hybrid', 'standalone', 'own', 'context'];

describe.each(kinds)('an application of the kind "%s"', (kind) => {
  it('ends by itself after close(), and what its hooks emit is heard', async () => {
    const child = run(kind, 'close');
    expect([await child.ended, child.errors.items]).toEqual([0, []]);
    expect(child.lines.items).toEqual(['ready', 'closed']);
    await heard.atLeast(parting.length);
    expect(heard.items.map(({ key }) => key)).toEqual(parting);
    expect(bus.peers()).toEqual([]);
  });

  it('ends by a signal, what its hooks emit is heard, and others see it leave', async () => {
    const child = run(kind, 'signal');
    await child.lines.find((line) => line === 'ready');
    child.kill('SIGTERM');
    expect([await child.ended, child.errors.items]).toEqual(['SIGTERM', []]);
    await heard.atLeast(parting.length);
    expect(heard.items.map(({ key }) => key)).toEqual(parting);
    // Nobody had to wait for its heartbeats to stay away: it has said goodbye.
    await states.until(() => bus.peers().length === 0);
    expect(new Set(states.items)).toEqual(new Set(['alive', 'left']));
  });
});

describe.each(['hybrid', 'standalone'])('an application of the kind "%s" whose server is closed first', (kind) => {
  it('ends by itself, and what its hooks emit is heard', async () => {
    const child = run(kind, 'server-first');
    expect([await child.ended, child.errors.items]).toEqual([0, []]);
    await heard.atLeast(parting.length);
    expect(heard.items.map(({ key }) => key).slice(0, 3)).toEqual(parting);
  });
});

describe.each([
  ['starting', 'alone'],
  ['starting', 'connected'],
  ['starting-standalone', 'alone'],
])('an application of the kind "%s", %s, that is interrupted while it starts', (kind, end) => {
  it.each(['SIGINT', 'SIGTERM'] as const)('ends quietly by %s', async (signal) => {
    const unreachable = { ...options, group: false, peers: ['127.0.0.1:9'], startTimeout: 8000 };
    const child = children.run('application', kind, end, JSON.stringify(unreachable));
    await child.lines.find((line) => line === 'joining');
    child.kill(signal);
    expect([await child.ended, child.errors.items]).toEqual([signal, []]);
  });
});
