import { failureText } from '../bus/failure-text.js';
import type { MeshLogger } from '../options/mesh-logger.js';

/**
 * Says in one line of the application's log why a mesh did not start, as Nest's own servers do before they reject: where
 * nobody catches that, it ends as a stack trace beside the log.
 */
export function tellFailedStart(logger: MeshLogger | false, failure: unknown): void {
  if (logger === false) return;
  try {
    logger.error(`the mesh could not start: ${failureText(failure)}`);
  } catch {
    // A logger that throws is the user's, and must not hide what is reported.
  }
}
