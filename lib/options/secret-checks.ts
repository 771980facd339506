import { type ResolvedSecret, Secret } from '../primitives/secret.js';
import type { OptionCheck } from './option-checks.js';
import { OptionMistakes } from './option-mistakes.js';
import type { ResolvedMeshOptions } from './resolved-mesh-options.js';

type SecretMode = ResolvedMeshOptions['secretMode'];

const LEAST_BYTES = 16;
const MOST_BYTES = 1024;
const MOST_KEYS = 16;
/** Name of a secret that is given without one. */
const ONLY_NAME = 'secret';
const MODES: readonly SecretMode[] = ['strict', 'accept-plain', 'send-both'];

const MAKE_ONE = '`npx nestjs-mesh keygen` makes a good one';
const EXPECTED = `must be text, bytes (a Uint8Array) or a keyring { primary, keys }; ${MAKE_ONE}`;
const KEY_EXPECTED = `must be text or bytes (a Uint8Array); ${MAKE_ONE}`;
const KEYS_EXPECTED = `must be a keyring whose keys are 1 to ${MOST_KEYS} secrets by name, and nothing besides primary and keys`;

/** Notes why the option is wrong. No value goes into the words, nor a name in it or a length: each may be a secret. */
type Complaint = (why: string) => void;

/**
 * Parses what the option `secret` takes. Nothing is shared with the caller's value.
 *
 * @throws MeshError `MESH_ERR_CONFIG`, the same as for the option; its message shows nothing of the value
 */
export function resolveSecret(value: unknown): ResolvedSecret {
  const mistakes = new OptionMistakes();
  const resolved = secret('secret', value, mistakes);
  if (resolved === undefined) mistakes.throwIfAny();
  return resolved!;
}

export const secret: OptionCheck<ResolvedSecret> = (path, value, mistakes) => {
  const complain: Complaint = (why) => mistakes.wrongOption(path, why);
  try {
    if (typeof value !== 'object' || value instanceof Uint8Array) return single(value, complain);
    return keyring(value, complain);
  } catch {
    complain('can not be read: its getter threw');
    return undefined;
  }
};

export const secretMode: OptionCheck<SecretMode> = (path, value, mistakes) => {
  const mode = MODES.find((one) => one === value);
  // Its value is not shown either: the two options are easily mixed up.
  if (mode === undefined) mistakes.wrongOption(path, `must be ${MODES.map((one) => `'${one}'`).join(' or ')}`);
  return mode;
};

function single(value: unknown, complain: Complaint): ResolvedSecret | undefined {
  const only = parseSecret(value, EXPECTED);
  if (typeof only !== 'string') return ringOf(ONLY_NAME, new Map([[ONLY_NAME, only]]));
  complain(only);
  return undefined;
}

function keyring(value: object | null, complain: Complaint): ResolvedSecret | undefined {
  if (value === null || Array.isArray(value) || !('primary' in value) || !('keys' in value)) {
    complain(EXPECTED);
    return undefined;
  }
  const { primary, keys } = value;
  const given = typeof keys === 'object' && keys !== null && !Array.isArray(keys) ? Object.entries(keys) : [];
  if (given.length < 1 || given.length > MOST_KEYS || Object.keys(value).length > 2) {
    complain(KEYS_EXPECTED);
    return undefined;
  }
  const parsed = parseKeys(given, complain);
  const name = typeof primary === 'string' || typeof primary === 'number' ? String(primary) : undefined;
  if (name === undefined || !given.some(([key]) => key === name)) complain('has a primary that is none of its keys');
  else if (parsed !== undefined) return ringOf(name, parsed);
  return undefined;
}

function parseKeys(
  given: readonly (readonly [string, unknown])[],
  complain: Complaint,
): Map<string, Secret> | undefined {
  const keys = new Map<string, Secret>();
  given.forEach(([name, value], index) => {
    const place = `key ${index + 1} of ${given.length}`;
    const parsed = parseSecret(value, KEY_EXPECTED);
    if (typeof parsed === 'string') complain(`(${place}) ${parsed}`);
    else if ([...keys.values()].some((other) => other.equals(parsed))) complain(`(${place}) is there twice`);
    else keys.set(name, parsed);
  });
  return keys.size === given.length ? keys : undefined;
}

/** The secret, or what is wrong with it. */
function parseSecret(value: unknown, expected: string): Secret | string {
  if (typeof value !== 'string' && !(value instanceof Uint8Array)) return expected;
  if (value.length > MOST_BYTES) return `is too long: it must be at most ${MOST_BYTES} bytes`;
  if (typeof value === 'string' && /\p{Surrogate}/u.test(value)) return `holds a lone surrogate: ${MAKE_ONE}`;
  const parsed = new Secret(value);
  const bytes = parsed.reveal();
  if (bytes.length < LEAST_BYTES) return `is too short: it must be at least ${LEAST_BYTES} bytes; ${MAKE_ONE}`;
  if (bytes.length > MOST_BYTES) return `is too long: it must be at most ${MOST_BYTES} bytes`;
  if (bytes.every((byte) => byte === bytes[0])) return `is one byte, repeated, and can be guessed; ${MAKE_ONE}`;
  return parsed;
}

function ringOf(primary: string, keys: ReadonlyMap<string, Secret>): ResolvedSecret {
  return Object.freeze({ primary, keys });
}
