import type { ReadStream, WriteStream } from 'node:tty';

const HIDE_CURSOR = '\u001b[?25l';
const SHOW_CURSOR = '\u001b[?25h';
/** Lines that are too long for the window end at its edge, so that each has one row of it and can be found again. */
const NO_WRAP = '\u001b[?7l';
const WRAP = '\u001b[?7h';
const CLEAR_LINE = '\u001b[K';
const CLEAR_BELOW = '\u001b[J';
const CTRL_C = '\u0003';
const ESCAPE = '\u001b';

/** The user's terminal, on which some lines at the end are drawn again and again, and which gives keys as they are pressed. */
export class Terminal {
  readonly #input: ReadStream;
  readonly #output: WriteStream;
  readonly #close = (): void => this.close();
  #onKeys: ((chunk: string) => void) | undefined;
  #height = 0;

  constructor(input: ReadStream, output: WriteStream) {
    this.#input = input;
    this.#output = output;
  }

  /** For how many lines there is room. Some terminals do not know, and say none. */
  get rows(): number {
    return this.#output.rows > 0 ? this.#output.rows : Infinity;
  }

  /** Ctrl-C is the key `q`. The terminal is as it was before when the process ends, however it does short of SIGKILL. */
  open(onKey: (key: string) => void): void {
    // The monitor is asked before the error is printed, which belongs below the table.
    process.once('exit', this.#close).once('uncaughtExceptionMonitor', this.#close);
    // A terminal that was closed can not be read or written any more, and that is no fault of this program.
    this.#input.once('error', () => onKey('q')).once('end', () => onKey('q'));
    this.#output.on('error', () => onKey('q'));
    this.#onKeys = (chunk) => {
      // Arrows and the like come as several characters, none of which was pressed.
      if (chunk.startsWith(ESCAPE)) return;
      for (const key of chunk) onKey(key === CTRL_C ? 'q' : key.toLowerCase());
    };
    this.#input.setRawMode(true);
    this.#input.setEncoding('utf8').on('data', this.#onKeys);
    this.#output.write(HIDE_CURSOR + NO_WRAP);
  }

  /** In the place of what was drawn before. */
  draw(lines: readonly string[]): void {
    if (this.#onKeys === undefined) return;
    const back = this.#height > 0 ? `\u001b[${this.#height}A` : '';
    this.#height = lines.length;
    this.#output.write(`${back}\r${lines.map((line) => `${line}${CLEAR_LINE}\n`).join('')}${CLEAR_BELOW}`);
  }

  /** Leaves what was drawn last, and gives the terminal back as it was. */
  close(): void {
    if (this.#onKeys === undefined) return;
    process.off('exit', this.#close).off('uncaughtExceptionMonitor', this.#close);
    this.#input.off('data', this.#onKeys).pause();
    this.#input.setRawMode(false);
    this.#onKeys = undefined;
    this.#output.write(SHOW_CURSOR + WRAP);
  }
}
