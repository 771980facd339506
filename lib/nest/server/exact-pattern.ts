/** The pattern that matches this very text and nothing else, whatever signs of a glob it holds. */
export function exactPattern(text: string): string {
  return text.replace(/[\\*?[]/g, '\\$&');
}
