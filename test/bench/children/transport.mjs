/** The module that speaks for a kind of contestant. */
export function transportOf(kind) {
  if (kind === 'bus') return import('./bus-transport.mjs');
  return kind.startsWith('raw') ? import('./raw-transport.mjs') : import('./nest-transport.mjs');
}
