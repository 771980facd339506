import type { MeshErrorCode } from './mesh-error-code.js';

const BRAND = Symbol.for('nestjs-mesh.error');

/**
 * What this library throws for a mistake of its caller. `code` is stable and for programs; `message` says what
 * happened, with which value, and what to do.
 *
 * @example if (error instanceof MeshError && error.code === 'MESH_ERR_CLOSED') { … }
 */
export class MeshError extends Error {
  override readonly name = 'MeshError';
  readonly code: MeshErrorCode;

  constructor(code: MeshErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.code = code;
  }

  /** A brand instead of the prototype chain: a process that loaded the library twice still recognises its errors. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === 'object' && value !== null && BRAND in value;
  }

  readonly [BRAND] = true;
}
