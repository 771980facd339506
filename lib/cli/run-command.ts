import { randomBytes } from 'node:crypto';

/** As many as the keys that are made of it have. */
const SECRET_BYTES = 32;

const USAGE = `Usage: npx nestjs-mesh <command>

Commands:
  keygen   print a new secret for the option \`secret\`: 32 random bytes in base64url

Options:
  --help   print this
`;

/** What a command prints, and the exit code of the process. */
export interface CommandOutcome {
  readonly exitCode: 0 | 2;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs what the arguments behind the program's name ask for. */
export function runCommand(args: readonly string[]): CommandOutcome {
  const [command, ...more] = args;
  if (args.includes('--help') || args.includes('-h') || command === 'help') return printed(USAGE);
  if (command === 'keygen' && more.length === 0) return printed(`${randomBytes(SECRET_BYTES).toString('base64url')}\n`);
  return refused(complaint(command, more));
}

function complaint(command: string | undefined, more: readonly string[]): string {
  if (command === undefined) return 'a command is missing';
  // Not what follows: it may be a secret.
  return command === 'keygen' ? `keygen takes nothing, and got ${more.length} more` : `there is no command ${command}`;
}

function printed(stdout: string): CommandOutcome {
  return { exitCode: 0, stdout, stderr: '' };
}

function refused(why: string): CommandOutcome {
  return { exitCode: 2, stdout: '', stderr: `nestjs-mesh: ${why}\n\n${USAGE}` };
}
