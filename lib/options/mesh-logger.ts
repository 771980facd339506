/** Receives what a mesh has to say. Nest's `Logger`, `console` and most logging libraries fit as they are. */
export interface MeshLogger {
  error(message: string): void;
  warn(message: string): void;
  log(message: string): void;
  debug?(message: string): void;
}

/** Takes everything and says nothing. */
export const SILENT_LOGGER: MeshLogger = Object.freeze({
  error: () => undefined,
  warn: () => undefined,
  log: () => undefined,
});
