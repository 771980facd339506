// Loaded before the sample by NODE_OPTIONS, this lets one of its instances, that of INSTANCE=C, go wrong.
import { EventEmitter } from 'node:events';
import { Socket } from 'node:dgram';

const BATCH = 0x03;
const REPAIR = 0x15;

/** Called with each datagram that brings keys, or brings them again; returns whether it is kept from the instance. */
const kinds = {
  astray: () => false,
  deaf: () => true,
  dying: () => process.exit(7),
};

if (process.env.INSTANCE === 'C') {
  const kind = process.env.SABOTAGE;
  if (kind === 'astray') process.env.MESH_CLUSTER = 'another';
  const emit = EventEmitter.prototype.emit;
  Socket.prototype.emit = function (name, ...args) {
    return name === 'message' && [BATCH, REPAIR].includes(args[0][1]) && kinds[kind]()
      ? true
      : emit.call(this, name, ...args);
  };
}
