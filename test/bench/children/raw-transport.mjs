// Sockets without a library: what the machine can do. Keys are packed as a batch of ours is, each behind its length, and
// a receiver says after every few datagrams that it has read them, so that a sender does not overrun it. `raw-gcm` seals what
// `raw-json` sends with the fewest calls of node:crypto that do it, as a yardstick for what sealing must cost.
import { createCipheriv, createDecipheriv, createSecretKey } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';

const HOST = '127.0.0.1';
const MAX_BYTES = 1169;
const REPORT_EVERY = 32;
const WINDOW = 128;
const BUFFER_BYTES = 4 * 1024 * 1024;

const CIPHER = 'aes-256-gcm';
const KEY = createSecretKey(Buffer.alloc(32, 1));
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

export function makeSender({ port, kind }) {
  const wrap = kind === 'raw-gcm' ? seal : (text) => text;
  const socket = createSocket({ type: 'udp4', sendBufferSize: BUFFER_BYTES });
  let unread = 0;
  let resume = () => {};
  socket.on('message', () => {
    unread -= REPORT_EVERY;
    resume();
  });
  return {
    async start() {
      socket.connect(port, HOST);
      await once(socket, 'connect');
    },
    emit: (key) => socket.send(wrap(JSON.stringify({ pattern: 'invalidate', data: key }))),
    async emitAll(keys) {
      for (let at = 0; at < keys.length;) {
        const packed = pack(keys, at);
        at = packed.next;
        if (unread >= WINDOW) await new Promise((resolve) => (resume = resolve));
        unread++;
        socket.send(packed.bytes);
      }
    },
  };
}

/** @param kind `raw` for batches, `raw-json` for one event in JSON a datagram, `raw-gcm` for the same sealed */
export function makeReceiver({ port, kind }, hear) {
  const socket = createSocket({ type: 'udp4', recvBufferSize: BUFFER_BYTES });
  const report = Buffer.from('+');
  let datagrams = 0;
  socket.on('message', (bytes, from) => {
    if (kind === 'raw-json') return hear(JSON.parse(bytes.toString('utf8')).data);
    if (kind === 'raw-gcm') return hear(JSON.parse(open(bytes)).data);
    unpack(bytes, hear);
    if (++datagrams % REPORT_EVERY === 0) socket.send(report, from.port, from.address);
  });
  return {
    async start() {
      socket.bind(port, HOST);
      await once(socket, 'listening');
    },
  };
}

let sealed = 0;

function seal(text) {
  const nonce = Buffer.alloc(NONCE_BYTES);
  nonce.writeUInt32BE(++sealed);
  const cipher = createCipheriv(CIPHER, KEY, nonce, { authTagLength: TAG_BYTES });
  return Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
}

function open(bytes) {
  const end = bytes.length - TAG_BYTES;
  const decipher = createDecipheriv(CIPHER, KEY, bytes.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
  decipher.setAuthTag(bytes.subarray(end));
  const text = decipher.update(bytes.subarray(NONCE_BYTES, end), undefined, 'utf8');
  decipher.final();
  return text;
}

function pack(keys, from) {
  const bytes = Buffer.allocUnsafe(MAX_BYTES);
  let length = 0;
  let next = from;
  for (; next < keys.length && length + 2 + keys[next].length <= MAX_BYTES; next++) {
    const written = bytes.write(keys[next], length + 2, 'utf8');
    bytes.writeUInt16BE(written, length);
    length += 2 + written;
  }
  return { bytes: bytes.subarray(0, length), next };
}

function unpack(bytes, hear) {
  for (let at = 0; at < bytes.length;) {
    const start = at + 2;
    at = start + bytes.readUInt16BE(at);
    hear(bytes.utf8Slice(start, at));
  }
}
