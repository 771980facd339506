import { formatEndpoint, ipv4FromNumber, ipv4ToNumber, isIpv4, parseEndpoint } from '../primitives/endpoint.js';
import type { Seed } from './resolved-mesh-options.js';

const MAX_PORT = 65_535;
const MAX_HOST_CHARACTERS = 253;
const LABEL = /^[a-z\d_](?:[a-z\d_-]{0,61}[a-z\d_])?$/i;

/** Two colons are in no host name and no IPv4 address. */
export function looksLikeIpv6(text: string): boolean {
  return text.startsWith('[') || text.indexOf(':') !== text.lastIndexOf(':');
}

export function isMulticast(address: string): boolean {
  const first = ipv4ToNumber(address) >>> 28;
  return first === 0b1110;
}

/** Whether an IPv4 address can be that of one host: not unspecified, not a group, not reserved or broadcast. */
export function isHostAddress(address: string): boolean {
  const value = ipv4ToNumber(address);
  return value >= 0x01_00_00_00 && value < 0xe0_00_00_00;
}

/** An IPv4 address or a DNS name. What ends in a number is no name, or a mistyped address would be looked up. */
export function isHost(text: string): boolean {
  if (isIpv4(text)) return isHostAddress(text);
  const name = text.endsWith('.') ? text.slice(0, -1) : text;
  const labels = name.split('.');
  return (
    name.length <= MAX_HOST_CHARACTERS &&
    labels.every((label) => LABEL.test(label)) &&
    !/^\d+$/.test(labels[labels.length - 1]!)
  );
}

/** `host:port`, or `host` with the port that is given beside. */
export function parseSeed(text: string, defaultPort: number): Seed | undefined {
  const colon = text.lastIndexOf(':');
  const host = colon < 0 ? text : text.slice(0, colon);
  const port = colon < 0 ? defaultPort : parsePort(text.slice(colon + 1));
  if (port === undefined || !isHost(host)) return undefined;
  return Object.freeze({ host: isIpv4(host) ? canonical(host) : host, port });
}

/** `ip:port` in its one canonical form, for an address of one host. */
export function parseHostEndpoint(text: string): string | undefined {
  const parts = parseEndpoint(text);
  if (parts === undefined || !isHostAddress(parts.address)) return undefined;
  return formatEndpoint(canonical(parts.address), parts.port);
}

/** `ip/length` as the block's first address and its length; an address alone is a block of one. */
export function parseCidr(text: string): string | undefined {
  const [address, length = '32', ...more] = text.split('/');
  if (address === undefined || !isIpv4(address) || !/^\d{1,2}$/.test(length) || more.length > 0) return undefined;
  const bits = Number(length);
  if (bits > 32) return undefined;
  const size = 2 ** (32 - bits);
  const value = ipv4ToNumber(address);
  return `${ipv4FromNumber(value - (value % size))}/${bits}`;
}

function parsePort(digits: string): number | undefined {
  if (!/^\d{1,5}$/.test(digits)) return undefined;
  const port = Number(digits);
  return port >= 1 && port <= MAX_PORT ? port : undefined;
}

function canonical(address: string): string {
  return ipv4FromNumber(ipv4ToNumber(address));
}
