import { MeshError } from '../errors/mesh-error.js';
import type { HandlerRunner } from './handler-runner.js';
import type { MeshReplyObserver } from './mesh-request.js';

/**
 * Tells the observer, whatever it throws: that is counted and logged, as of all of the user's functions, and keeps nobody
 * else from being told.
 *
 * @throws MeshError `MESH_ERR_ARGUMENT` it is none
 */
export function heardObserver(observer: MeshReplyObserver, runner: HandlerRunner): MeshReplyObserver {
  checkObserver(observer);
  return {
    next: (value, from) => void runner.run(() => observer.next(value, from), undefined),
    error: (reason) => void runner.run(() => observer.error(reason), undefined),
    complete: () => void runner.run(() => observer.complete(), undefined),
  };
}

function checkObserver(observer: unknown): void {
  const { next, error, complete } = (observer ?? {}) as Partial<MeshReplyObserver>;
  if ([next, error, complete].every((listener) => typeof listener === 'function')) return;
  throw new MeshError('MESH_ERR_ARGUMENT', 'the observer must have next(), error() and complete()');
}
