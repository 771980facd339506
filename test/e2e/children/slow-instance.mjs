// Loaded before sample/02-ask-everyone by NODE_OPTIONS: its instance C hears of keys late. With HASTY=1 a write of any
// instance does not wait for the others, and says that all have evicted.
import { Socket } from 'node:dgram';
import { EventEmitter } from 'node:events';
import { MeshBus } from 'nestjs-mesh';

const BATCH = 0x03;
const LATE_MS = 25;

if (process.env.INSTANCE === 'C') {
  const emit = EventEmitter.prototype.emit;
  Socket.prototype.emit = function (name, ...args) {
    if (name !== 'message' || args[0][1] !== BATCH) return emit.call(this, name, ...args);
    setTimeout(() => emit.call(this, name, ...args), LATE_MS);
    return true;
  };
}

if (process.env.HASTY === '1') {
  MeshBus.prototype.publishAndAwait = async function (key) {
    await this.publish(key);
    return { acked: this.peers(), idle: [], refused: [], missing: [] };
  };
}
