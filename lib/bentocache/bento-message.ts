/** What the stores of one name tell each other, as BentoCache 1 makes it. */
export interface BentoMessage {
  readonly type: string;
  readonly keys: readonly string[];
  /** Prefix of the keys. */
  readonly namespace: string | undefined;
}

/** All types that BentoCache 1 has. What another one asks for, nobody here knows. */
const TYPES: ReadonlySet<unknown> = new Set(['set', 'delete', 'expire', 'clear']);

/** What BentoCache keeps the time of a tag's invalidation under. */
const TAG_PREFIX = '___bc:t:';

/** What is in the data of an event, or nothing, where it is no message that can be followed. */
export function readMessage(data: unknown): BentoMessage | undefined {
  if (typeof data !== 'object' || data === null) return undefined;
  const { type, keys, namespace } = data as Readonly<Record<string, unknown>>;
  if (typeof type !== 'string' || !TYPES.has(type)) return undefined;
  if (!Array.isArray(keys) || !keys.every((key): key is string => typeof key === 'string')) return undefined;
  if (namespace !== undefined && typeof namespace !== 'string') return undefined;
  return { type, keys, namespace };
}

export function clearOf(namespace: string | undefined): BentoMessage {
  return { type: 'clear', keys: [], namespace };
}

/**
 * Whether a tag has been invalidated. Others are to expire what they know of the tag, and ask their L2 again: without
 * one they would ask nobody, and go on to give what bears the tag.
 */
export function concernsTag({ keys }: BentoMessage): boolean {
  return keys.some((key) => key.startsWith(TAG_PREFIX));
}

export function halves({ type, keys, namespace }: BentoMessage): readonly [BentoMessage, BentoMessage] {
  const middle = keys.length >> 1;
  return [
    { type, namespace, keys: keys.slice(0, middle) },
    { type, namespace, keys: keys.slice(middle) },
  ];
}
