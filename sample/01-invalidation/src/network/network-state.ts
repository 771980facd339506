import { BadRequestException } from '@nestjs/common';

/** How bad the network of one instance is. */
export interface NetworkState {
  /** The share of arriving datagrams that is lost: 0 to 1. */
  readonly loss: number;
  /** The endpoints, `address:port`, that still reach this instance; `null`: all do. */
  readonly onlyFrom: readonly string[] | null;
}

export interface NetworkReport extends NetworkState {
  /** Datagrams thrown away so far. */
  readonly dropped: number;
}

export const SOUND: NetworkState = { loss: 0, onlyFrom: null };

/** What is left out is sound. */
export function parseNetworkState(body: unknown): NetworkState {
  const { loss = 0, onlyFrom = null } = (body ?? {}) as Readonly<Record<string, unknown>>;
  const isList = Array.isArray(onlyFrom) && onlyFrom.every((endpoint) => typeof endpoint === 'string');
  if (typeof loss === 'number' && loss >= 0 && loss <= 1 && (onlyFrom === null || isList)) return { loss, onlyFrom };
  throw new BadRequestException('a network is { "loss": 0 to 1, "onlyFrom": null or ["address:port"] }');
}
