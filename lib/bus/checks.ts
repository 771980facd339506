import { MeshError } from '../errors/mesh-error.js';

/** As the option `zone` has it. */
const LONGEST_ZONE = 32;

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

/** @throws MeshError `MESH_ERR_ARGUMENT` it is neither what a zone can be called nor left out */
export function checkZone(zone: unknown): void {
  if (zone === undefined) return;
  if (typeof zone === 'string' && zone.isWellFormed()) {
    const bytes = Buffer.byteLength(zone);
    if (bytes >= 1 && bytes <= LONGEST_ZONE) return;
  }
  const shown = typeof zone === 'string' ? JSON.stringify(zone.slice(0, LONGEST_ZONE)) : typeof zone;
  throw new MeshError('MESH_ERR_ARGUMENT', `zone is ${shown}: it must be text of 1 to ${LONGEST_ZONE} bytes of UTF-8`);
}

/** What a timer of Node can wait. */
const MAX_TIMEOUT_MS = 0x7fff_ffff;

/** @throws MeshError `MESH_ERR_ARGUMENT` it is no time in milliseconds that can be waited */
export function checkTimeout(value: unknown): void {
  checkWholeNumber('timeout', value, 0, MAX_TIMEOUT_MS);
}
