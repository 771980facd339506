import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));

/** A block of code in a document, between its fences. */
export interface Snippet {
  /** Path of the document from the root. */
  readonly document: string;
  /** Line of the first line of code. */
  readonly line: number;
  readonly language: string;
  readonly text: string;
}

/** The documents that a user reads, by their path from the root. */
export function documents(): readonly string[] {
  const docs = readdirSync(`${ROOT}docs`).filter((name) => name.endsWith('.md'));
  const samples = readdirSync(`${ROOT}sample`).map((name) => `sample/${name}/README.md`);
  return ['README.md', ...docs.map((name) => `docs/${name}`), ...samples];
}

export function read(document: string): string {
  return readFileSync(ROOT + document, 'utf8');
}

export function snippetsIn(document: string, text = read(document)): readonly Snippet[] {
  const snippets: Snippet[] = [];
  const lines = text.split('\n');
  let begun: { readonly line: number; readonly language: string } | undefined;
  for (const [index, line] of lines.entries()) {
    if (!line.startsWith('```')) continue;
    if (begun === undefined) {
      begun = { line: index + 2, language: line.slice(3).trim() };
    } else {
      snippets.push({ document, ...begun, text: lines.slice(begun.line - 1, index).join('\n') });
      begun = undefined;
    }
  }
  return snippets;
}

/** The rows of the table under a heading, cell by cell, without the head. */
export function tableUnder(document: string, heading: string): readonly (readonly string[])[] {
  const [, section = ''] = read(document).split(`\n${heading}\n`);
  const [body = ''] = section.split(/\n#+ /);
  const rows = body.split('\n').filter((line) => line.startsWith('|'));
  return rows.slice(2).map((row) =>
    row
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  );
}

/** What stands between backquotes at the beginning of a cell. */
export function nameIn(cell: string | undefined): string {
  return /^`([^`]+)`/.exec(cell ?? '')?.[1] ?? '';
}
