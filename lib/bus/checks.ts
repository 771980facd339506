import { MeshError } from '../errors/mesh-error.js';

/** @throws MeshError `MESH_ERR_ARGUMENT` it is no function */
export function checkListener(listener: unknown): void {
  if (typeof listener === 'function') return;
  throw new MeshError('MESH_ERR_ARGUMENT', `the listener is ${typeof listener}: it must be a function`);
}

/** @throws MeshError `MESH_ERR_ARGUMENT` it is neither an `AbortSignal` nor left out */
export function checkSignal(signal: unknown): void {
  // Not by instanceof: other realms have signals too.
  if (signal === undefined || (typeof signal === 'object' && signal !== null && 'aborted' in signal)) return;
  throw new MeshError('MESH_ERR_ARGUMENT', `the signal is ${typeof signal}: it must be an AbortSignal`);
}

/** @throws MeshError `MESH_ERR_ARGUMENT` */
export function checkWholeNumber(name: string, value: unknown, least: number, most: number): void {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= least && value <= most) return;
  const shown = typeof value === 'number' ? String(value) : typeof value;
  const range = most === Number.MAX_SAFE_INTEGER ? `${least} or more` : `${least} to ${most}`;
  throw new MeshError('MESH_ERR_ARGUMENT', `${name} is ${shown}: it must be a whole number, ${range}`);
}

/** What a timer of Node can wait. */
const MAX_TIMEOUT_MS = 0x7fff_ffff;

/** @throws MeshError `MESH_ERR_ARGUMENT` it is no time in milliseconds that can be waited */
export function checkTimeout(value: unknown): void {
  checkWholeNumber('timeout', value, 0, MAX_TIMEOUT_MS);
}
