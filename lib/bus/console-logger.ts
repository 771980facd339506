/* eslint-disable no-console -- the one place where the library writes without being given a logger */
import type { MeshLogger } from '../options/mesh-logger.js';

/** The default logger: warnings and errors only, as a library is not asked for more. */
export const CONSOLE_LOGGER: MeshLogger = Object.freeze({
  error: (message: string) => console.error(message),
  warn: (message: string) => console.warn(message),
  log: () => undefined,
});
