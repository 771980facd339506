import { MeshError } from '../../lib/errors/mesh-error.js';

/** The code with which a promise is rejected; `fulfilled` when it is not. */
export async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return 'fulfilled';
  } catch (error) {
    if (error instanceof MeshError) return error.code;
    throw error;
  }
}

/** The code of what a function throws; `returned` when it throws nothing. */
export function codeThrownBy(run: () => unknown): string {
  try {
    run();
    return 'returned';
  } catch (error) {
    if (error instanceof MeshError) return error.code;
    throw error;
  }
}
