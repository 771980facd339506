import { MeshError } from '../errors/mesh-error.js';

const SHOWN_CHARACTERS = 80;

/** Gathers everything that is wrong with a set of options, so that it is told at once and not one start after another. */
export class OptionMistakes {
  readonly #lines: string[] = [];

  /** The option has a value that can not be used. `expected` completes "it must be …". */
  wrongValue(path: string, value: unknown, expected: string): void {
    this.#lines.push(`${path} is ${shown(value)}: it must be ${expected}`);
  }

  /** Anything else that is wrong with an option. Its value is not shown: it may be a secret. */
  wrongOption(path: string, why: string): void {
    this.#lines.push(`${path} ${why}`);
  }

  /** @throws MeshError `MESH_ERR_CONFIG` when there is any mistake; the message lists them all */
  throwIfAny(): void {
    const [first, ...others] = this.#lines;
    if (first === undefined) return;
    const message =
      others.length === 0
        ? `wrong mesh options: ${first}`
        : `wrong mesh options:\n${this.#lines.map((line) => `  - ${line}`).join('\n')}`;
    throw new MeshError('MESH_ERR_CONFIG', message);
  }
}

/** The value as a person would write it. What is inside objects is left out, and so are credentials of an URL. */
export function shown(value: unknown): string {
  switch (typeof value) {
    case 'string': {
      const text = JSON.stringify(value.replace(/\/\/[^/@]*@/g, '//…@'));
      return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…"` : text;
    }
    case 'bigint':
      return `${String(value)}n`;
    case 'function':
      return 'a function';
    case 'symbol':
      return 'a symbol';
    case 'object':
      if (value === null) return 'null';
      return Array.isArray(value) ? `a list of ${value.length}` : 'an object';
    default:
      return String(value);
  }
}
