import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { MeshError } from '../errors/mesh-error.js';
import { SOCKET_BUFFER_BYTES, usableBufferBytes } from './receive-buffer.js';

export interface UdpBinding {
  readonly address: string;
  /** 0: any that is free. */
  readonly port: number;
  /** Whether others may bind it too. */
  readonly shared: boolean;
  /** Defaults to {@link SOCKET_BUFFER_BYTES}. */
  readonly receiveBufferBytes?: number | undefined;
}

export type MessageListener = (bytes: Buffer, from: RemoteInfo) => void;
export type SendCallback = (error: Error | null) => void;

type LookupCallback = (error: NodeJS.ErrnoException | null, address: string, family: number) => void;

/** One bound socket whose errors are values: nothing that the network or the kernel does makes it throw. */
export class UdpSocket {
  readonly port: number;
  /** What the kernel gave. */
  readonly receiveBufferBytes: number;
  readonly #socket: Socket;
  #closed: Promise<void> | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.port = socket.address().port;
    this.receiveBufferBytes = usableBufferBytes(socket.getRecvBufferSize(), process.platform);
    // Node emits what a receive call may report; the socket goes on, and sends tell their own errors.
    socket.on('error', () => undefined);
  }

  /** Binds. Rejects with the error of the operating system, and leaves no socket behind then. */
  static async bind(binding: UdpBinding, onMessage: MessageListener): Promise<UdpSocket> {
    const { address, port, shared, receiveBufferBytes = SOCKET_BUFFER_BYTES } = binding;
    const socket = createSocket({ type: 'udp4', reuseAddr: shared, lookup: lookUpLiteral });
    socket.on('message', onMessage);
    try {
      await new Promise<void>((resolve, reject) => {
        socket.once('error', reject);
        // Workers of node:cluster would share one socket otherwise, and each datagram reach one of them only.
        socket.bind({ address, port, exclusive: true }, () => resolve());
      });
    } catch (error) {
      socket.close();
      throw error;
    }
    socket.removeAllListeners('error');
    enlarge(socket, receiveBufferBytes);
    return new UdpSocket(socket);
  }

  /** Calls back once and later, whatever happens. */
  send(
    bytes: Buffer,
    length: number,
    to: { readonly address: string; readonly port: number },
    callback: SendCallback,
  ): void {
    try {
      this.#socket.send(bytes, 0, length, to.port, to.address, callback);
    } catch (error) {
      process.nextTick(callback, error);
    }
  }

  /** Lets what this socket sends to groups go out at its own interface, and come back to this host. */
  sendGroupsFrom(address: string, ttl: number): string | undefined {
    return refusalOf(() => {
      this.#socket.setMulticastInterface(address);
      this.#socket.setMulticastLoopback(true);
      this.#socket.setMulticastTTL(ttl);
    });
  }

  /** Joins on the interface of that address. The code of the refusal, if any; to be in already is none. */
  join(group: string, address: string): string | undefined {
    const refusal = refusalOf(() => this.#socket.addMembership(group, address));
    return refusal === 'EADDRINUSE' ? undefined : refusal;
  }

  /** What is refused here is a membership that has ended with its interface. */
  leave(group: string, address: string): void {
    refusalOf(() => this.#socket.dropMembership(group, address));
  }

  close(): Promise<void> {
    return (this.#closed ??= new Promise((resolve) => this.#socket.close(resolve)));
  }
}

/** Only literals are sent to, and Node's own lookup puts off each of them to a later turn. */
export function lookUpLiteral(address: string, _options: unknown, callback: LookupCallback): void {
  callback(null, address, 4);
}

/** The code of an error of the operating system, or its text. It may come from another realm: `instanceof` can not tell. */
export function errorCode(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string')
    return error.code;
  return String(error);
}

export function socketError(what: string, cause: unknown): MeshError {
  return new MeshError('MESH_ERR_SOCKET', `${what}: the operating system refused it (${errorCode(cause)})`, { cause });
}

function refusalOf(call: () => void): string | undefined {
  try {
    call();
    return undefined;
  } catch (error) {
    return errorCode(error);
  }
}

/** Linux cuts down what is too much; others refuse it, and keep what they gave at first. */
function enlarge(socket: Socket, receiveBufferBytes: number): void {
  refusalOf(() => socket.setRecvBufferSize(receiveBufferBytes));
  refusalOf(() => socket.setSendBufferSize(SOCKET_BUFFER_BYTES));
}
