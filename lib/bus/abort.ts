import { checkSignal } from './checks.js';

const noop = (): void => undefined;

/**
 * Calls back once when the signal aborts; at once if it has. Returns what stops that, so that a signal which outlives
 * many uses does not collect them.
 *
 * @throws MeshError `MESH_ERR_ARGUMENT` it is no `AbortSignal`
 */
export function onAbort(signal: AbortSignal | undefined, callback: () => void): () => void {
  if (signal === undefined) return noop;
  checkSignal(signal);
  if (signal.aborted) {
    callback();
    return noop;
  }
  signal.addEventListener('abort', callback, { once: true });
  return () => signal.removeEventListener('abort', callback);
}
