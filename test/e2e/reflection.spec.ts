import { afterEach, describe, expect, it } from '@jest/globals';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';

import { Buses } from '../support/buses.js';
import { Inbox } from '../support/inbox.js';
import { randomPort } from '../support/random-port.js';

const HEARTBEATS = 50;

/** A heartbeat with our trailer, as it would come from a node that is none. */
function forgedHeartbeat(nodeId: number, address: string): Buffer {
  const head = Buffer.alloc(28);
  head.set([0x57, 0x02]);
  head.writeUInt32BE(nodeId, 2);
  head.writeUInt16BE(address.length, 26);
  const trailer = Buffer.alloc(20);
  trailer.set([0x4d, 0x20]);
  trailer.writeUIntBE(1, 2, 6);
  trailer.writeUIntBE(2, 8, 6);
  return Buffer.concat([head, Buffer.from(address), trailer]);
}

describe('a spoofed heartbeat', () => {
  const buses = new Buses();
  const sockets: Socket[] = [];
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.close();
    await buses.close();
  });

  async function open(): Promise<{ socket: Socket; port: number; received: Inbox<number> }> {
    const socket = createSocket('udp4');
    sockets.push(socket);
    const received = new Inbox<number>();
    socket.on('message', (bytes) => received.add(bytes.length));
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    return { socket, port: socket.address().port, received };
  }

  const total = (inbox: Inbox<number>) => inbox.items.reduce((sum, bytes) => sum + bytes, 0);

  it('draws at most three times its bytes to where it came from, and nothing to the address in it', async () => {
    const port = randomPort();
    const bus = await buses.start({ port, group: false, heartbeat: 100 });
    const witness = await buses.start({ port, group: false, heartbeat: 100, peers: [`127.0.0.1:${port}`] });
    await witness.waitForPeers(1);
    const named = await open();
    const source = await open();
    let sent = 0;
    for (let index = 0; index < HEARTBEATS; index++) {
      const bytes = forgedHeartbeat(index, `127.0.0.1:${named.port}`);
      sent += bytes.length;
      source.socket.send(bytes, port, '127.0.0.1');
    }
    await source.received.atLeast(1);
    // The node goes on living for 20 heartbeats, and would by then have sent whatever it ever sends.
    const beats = new Inbox<number>();
    const before = bus.metrics().datagramsSent;
    const watch = setInterval(() => beats.add(bus.metrics().datagramsSent - before), 20);
    await beats.until((counts) => (counts.at(-1) ?? 0) >= 20);
    clearInterval(watch);

    expect(total(source.received)).toBeGreaterThan(0);
    expect(total(source.received)).toBeLessThanOrEqual(3 * sent);
    expect(total(named.received)).toBe(0);
    expect(bus.peers().map(({ id }) => id)).toEqual([witness.id]);
  }, 30_000);
});
