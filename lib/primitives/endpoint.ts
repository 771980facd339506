/** An IPv4 address and a UDP port in one string, `10.0.0.5:7946`: comparable, printable, and the key of every table. */
export type Endpoint = string;

export interface EndpointParts {
  readonly address: string;
  readonly port: number;
}

/** Without leading zeros, which some read as octal: one address is one text. */
const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)\.){3}(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)$/;
const MAX_PORT = 0xffff;

export function isIpv4(text: string): boolean {
  return IPV4.test(text);
}

export function formatEndpoint(address: string, port: number): Endpoint {
  return `${address}:${port}`;
}

/** The parts of `ip:port`, or `undefined` for anything else: the text may come from the network. */
export function parseEndpoint(text: string): EndpointParts | undefined {
  const colon = text.lastIndexOf(':');
  if (colon < 0) return undefined;
  const address = text.slice(0, colon);
  const digits = text.slice(colon + 1);
  if (!isIpv4(address) || !/^\d{1,5}$/.test(digits)) return undefined;
  const port = Number(digits);
  return port >= 1 && port <= MAX_PORT ? { address, port } : undefined;
}

export function isUnspecified(endpoint: Endpoint): boolean {
  return endpoint.startsWith('0.0.0.0:');
}

/** Whether it names one host: not this network, not a multicast group, and none of the reserved and broadcast addresses. */
export function isUnicast(endpoint: Endpoint): boolean {
  const firstOctet = Number.parseInt(endpoint, 10);
  return firstOctet >= 1 && firstOctet < 224;
}

export function isLoopback(endpoint: Endpoint): boolean {
  return endpoint.startsWith('127.');
}

/** The four bytes of an IPv4 address as one number. */
export function ipv4ToNumber(address: string): number {
  let value = 0;
  for (const part of address.split('.')) value = value * 256 + Number(part);
  return value;
}

export function ipv4FromNumber(value: number): string {
  return `${value >>> 24}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}`;
}
