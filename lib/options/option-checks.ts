import { isIpv4 } from '../primitives/endpoint.js';
import { isMulticast, looksLikeIpv6, parseCidr, parseHostEndpoint, parseSeed } from './address-syntax.js';
import { type MeshLogger, SILENT_LOGGER } from './mesh-logger.js';
import type { OptionMistakes } from './option-mistakes.js';
import type { Seed } from './resolved-mesh-options.js';

/** Turns what was given for an option into what is used, or notes the mistake and returns `undefined`. */
export type OptionCheck<T> = (path: string, value: unknown, mistakes: OptionMistakes) => T | undefined;

const IPV4_ONLY = ' (IPv6 is not supported)';

/** A check that accepts what `parse` understands. */
function checked<T>(expected: string, parse: (value: unknown) => T | undefined): OptionCheck<T> {
  return (path, value, mistakes) => {
    const parsed = parse(value);
    if (parsed === undefined) mistakes.wrongValue(path, value, expected);
    return parsed;
  };
}

export function wholeNumber(least: number, most: number = Number.MAX_SAFE_INTEGER): OptionCheck<number> {
  const range = most === Number.MAX_SAFE_INTEGER ? `${least} or more` : `${least} to ${most}`;
  const expected = `a whole number, ${range}`;
  return (path, value, mistakes) => {
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= least && value <= most) return value;
    // What comes from the environment is text, and looks in a message as the number would.
    mistakes.wrongValue(path, value, typeof value === 'string' ? `${expected}, and not text (a string)` : expected);
    return undefined;
  };
}

/** Text that takes between one and `mostBytes` bytes of UTF-8. */
export function boundedText(mostBytes: number): OptionCheck<string> {
  return checked(`text of 1 to ${mostBytes} bytes`, (value) =>
    typeof value === 'string' && value !== '' && !/\p{Surrogate}/u.test(value) && Buffer.byteLength(value) <= mostBytes
      ? value
      : undefined,
  );
}

export const flag: OptionCheck<boolean> = checked('true or false', (value) =>
  typeof value === 'boolean' ? value : undefined,
);

export function oneOf<const T extends string>(choices: readonly T[]): OptionCheck<T> {
  return checked(choices.map((choice) => `'${choice}'`).join(' or '), (value) =>
    choices.find((choice) => choice === value),
  );
}

export const multicastGroup: OptionCheck<string | false> = checked(
  `an IPv4 multicast address, 224.0.0.0 to 239.255.255.255, or false for unicast only${IPV4_ONLY}`,
  (value) =>
    value === false || (typeof value === 'string' && isIpv4(value) && isMulticast(value)) ? value : undefined,
);

export const hostEndpoint: OptionCheck<string> = checked(
  `ip:port of this host as others reach it, such as '203.0.113.7:7946'${IPV4_ONLY}; leave it out if they need no other`,
  (value) => (typeof value === 'string' ? parseHostEndpoint(value) : undefined),
);

interface ListRules {
  readonly expected: string;
  /** Why it may not be empty; left out when it may. */
  readonly notEmpty?: string;
}

/** A list of entries that each pass; what is given twice is kept once. */
function list<T>(rules: ListRules, entry: OptionCheck<T>, nameOf: (entry: T) => string): OptionCheck<readonly T[]> {
  return (path, value, mistakes) => {
    if (!Array.isArray(value)) {
      mistakes.wrongValue(path, value, rules.expected);
      return undefined;
    }
    if (value.length === 0 && rules.notEmpty !== undefined) mistakes.wrongOption(path, `is empty: ${rules.notEmpty}`);
    const entries = new Map<string, T>();
    (value as readonly unknown[]).forEach((item, index) => {
      const parsed = entry(`${path}[${index}]`, item, mistakes);
      if (parsed !== undefined) entries.set(nameOf(parsed), parsed);
    });
    return Object.freeze([...entries.values()]);
  };
}

const interfaceName = checked(`the name or the IPv4 address of a network interface${IPV4_ONLY}`, (value) =>
  typeof value === 'string' && value.trim() !== '' && !looksLikeIpv6(value) ? value : undefined,
);

const interfaceNames = list(
  { expected: 'a name, an IPv4 address, or a list of them', notEmpty: 'name one, or leave it out for all' },
  interfaceName,
  String,
);

export const interfaces: OptionCheck<readonly string[]> = (path, value, mistakes) => {
  if (typeof value === 'string') {
    const name = interfaceName(path, value, mistakes);
    return name === undefined ? undefined : Object.freeze([name]);
  }
  return interfaceNames(path, value, mistakes);
};

export function seeds(defaultPort: number): OptionCheck<readonly Seed[]> {
  const expected = `'host:port' or 'host', of an IPv4 address or a DNS name${IPV4_ONLY}`;
  const seed = checked(expected, (value) => (typeof value === 'string' ? parseSeed(value, defaultPort) : undefined));
  return list({ expected: `a list of ${expected}` }, seed, ({ host, port }) => `${host}:${port}`);
}

const cidr = checked(`a block of IPv4 addresses such as '10.0.0.0/8'${IPV4_ONLY}`, (value) =>
  typeof value === 'string' ? parseCidr(value) : undefined,
);

export const cidrs = list(
  {
    expected: "a list of blocks of IPv4 addresses such as '10.0.0.0/8'",
    notEmpty: 'nobody could be heard; name a block, or leave it out for the default ones',
  },
  cidr,
  String,
);

const LOGGER_METHODS = ['error', 'warn', 'log'] as const;

export const logger: OptionCheck<MeshLogger> = (path, value, mistakes) => {
  if (value === false) return SILENT_LOGGER;
  if (typeof value !== 'object' || value === null) {
    mistakes.wrongValue(path, value, 'an object with the methods error, warn and log, or false');
    return undefined;
  }
  const methods = value as Readonly<Record<keyof MeshLogger, unknown>>;
  const missing: string[] = LOGGER_METHODS.filter((name) => typeof methods[name] !== 'function');
  if (methods.debug !== undefined && typeof methods.debug !== 'function') missing.push('debug');
  if (missing.length > 0) mistakes.wrongOption(path, `has no function ${missing.join(', ')}`);
  return value as MeshLogger;
};
