import { deepStrictEqual, ok } from 'node:assert';
import { MeshBus, type MeshEvent, type MeshOptions } from 'nestjs-mesh/bus';
import { freePort } from './free-port.js';

/** Two buses on loopback, without multicast: one event goes across, with its data. */
async function main(): Promise<void> {
  const [here, there] = [await freePort(), await freePort()];
  const options: MeshOptions = { interface: 'lo', group: false, cluster: 'pack' };
  const sender = new MeshBus({ ...options, port: here, peers: [`127.0.0.1:${String(there)}`] });
  const receiver = new MeshBus({ ...options, port: there, peers: [`127.0.0.1:${String(here)}`] });
  const received = new Promise<MeshEvent>((resolve) => {
    receiver.subscribe('invalidate:*', (event) => {
      resolve(event);
    });
  });

  await Promise.all([sender.start(), receiver.start()]);
  await Promise.all([sender.waitForPeers(1, { timeout: 5000 }), receiver.waitForPeers(1, { timeout: 5000 })]);
  await sender.publish('invalidate:user:42', { data: { by: 'pack' } });
  const { key, data } = await received;
  deepStrictEqual({ key, data }, { key: 'invalidate:user:42', data: { by: 'pack' } });
  ok(receiver.isHealthy());

  await Promise.all([sender.close(), receiver.close()]);
  console.log('one event went across');
}

void main();
