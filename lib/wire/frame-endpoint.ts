import { type Endpoint, formatEndpoint, ipv4FromNumber, ipv4ToNumber, parseEndpoint } from '../primitives/endpoint.js';

/** Address and port. */
export const ENDPOINT_BYTES = 6;

/** Writes an endpoint and returns the offset behind it. What is no `ip:port` is written as 0.0.0.0:0. */
export function writeEndpoint(into: Buffer, offset: number, endpoint: Endpoint): number {
  const parts = parseEndpoint(endpoint);
  const at = into.writeUInt32BE(parts === undefined ? 0 : ipv4ToNumber(parts.address), offset);
  return into.writeUInt16BE(parts?.port ?? 0, at);
}

/** The endpoint, or `undefined` for one that nothing can be sent to: a socket's `send` throws at port 0. */
export function readEndpoint(bytes: Buffer, offset: number): Endpoint | undefined {
  const address = bytes.readUInt32BE(offset);
  const port = bytes.readUInt16BE(offset + 4);
  return address === 0 || port === 0 ? undefined : formatEndpoint(ipv4FromNumber(address), port);
}

/** As `readEndpoint`, with 0.0.0.0 and any port besides: it stands for "where this came from". */
export function readAdvertised(bytes: Buffer, offset: number): Endpoint | undefined {
  if (bytes.readUInt32BE(offset) !== 0) return readEndpoint(bytes, offset);
  return formatEndpoint(ipv4FromNumber(0), bytes.readUInt16BE(offset + 4));
}
