import { createSocket } from 'node:dgram';
import { lookUpLiteral } from './udp-socket.js';

const ANY_PORT = 9;

/**
 * The own address from which the operating system would send there, by all its routes and policies; `undefined` when it
 * has no way. Connecting a UDP socket asks the routing table and sends nothing. 60 µs.
 */
export async function sourceAddress(destination: string): Promise<string | undefined> {
  const socket = createSocket({ type: 'udp4', lookup: lookUpLiteral });
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      // Node hands the error of a failed connect to this listener too, beside its declared type.
      socket.connect(ANY_PORT, destination, (...[error]: readonly unknown[]) => {
        if (error instanceof Error) reject(error);
        else resolve();
      });
    });
    return socket.address().address;
  } catch {
    return undefined;
  } finally {
    socket.close();
  }
}
