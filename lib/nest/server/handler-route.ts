/** The pattern of a handler: as Nest names it, and as the bus is told. */
export interface HandlerRoute {
  /** What Nest makes of the pattern as text. */
  readonly text: string;
  /** Whether signs of a glob in it mean themselves: an object or a number gave it. */
  readonly isExact: boolean;
  /** A Redis glob. */
  readonly pattern: string;
}

export function handlerRoute(text: string, isExact: boolean): HandlerRoute {
  return { text, isExact, pattern: isExact ? text.replace(/[\\*?[]/g, '\\$&') : text };
}
