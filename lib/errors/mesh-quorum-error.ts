import { MeshError } from './mesh-error.js';

/**
 * Not enough nodes have dealt with an event in time, or so many never will: a `MeshError` of the code
 * `MESH_ERR_QUORUM_NOT_SATISFIED` whose `receipt` says who has and who has not. The event was published all the same.
 */
export class MeshQuorumError<Receipt = unknown> extends MeshError {
  readonly receipt: Receipt;

  constructor(message: string, receipt: Receipt) {
    super('MESH_ERR_QUORUM_NOT_SATISFIED', message);
    this.receipt = receipt;
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    return MeshError[Symbol.hasInstance](value) && 'receipt' in (value as object);
  }
}
