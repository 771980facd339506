import { MeshError } from '../errors/mesh-error.js';

/** What may stand in a log of somebody else's error: a name or a code, but no text, as that can hold keys and data. */
const WORD = /^[\w.-]{1,64}$/;

/** A failure in a few words: of this library's errors the message too, as it never holds a key or data. */
export function failureText(failure: unknown): string {
  if (typeof failure !== 'object' || failure === null) return typeof failure;
  try {
    if (failure instanceof MeshError) return `${failure.code}: ${failure.message}`;
    const { name, code, status } = failure as Readonly<Record<'name' | 'code' | 'status', unknown>>;
    const [words, coded] = [isWord(name) ? name : undefined, isWord(code) ? code : undefined];
    if (words !== undefined) return coded === undefined ? words : `${words} (${coded})`;
    if (coded !== undefined) return coded;
    // Nest's own filter leaves only this of what it caught, and does not log each kind of exception.
    if (status === 'error')
      return "an exception that Nest's filter has hidden (see its log, or add a filter of your own)";
  } catch {
    // An error may be anything, a proxy that throws included.
  }
  return 'Error';
}

function isWord(value: unknown): value is string {
  return typeof value === 'string' && WORD.test(value);
}
