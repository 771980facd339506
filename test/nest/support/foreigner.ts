import { createSocket } from 'node:dgram';
import type { Opened } from './applications.js';

/** Holds a port, and shares it with nobody, until it is closed. */
export function foreigner(opened: Opened, port: number): Promise<{ close(): Promise<void> }> {
  const socket = createSocket('udp4');
  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => (closed ??= new Promise((resolve) => socket.close(resolve)));
  return new Promise((resolve) => socket.bind({ port, exclusive: true }, () => resolve(opened.add({ close }))));
}
