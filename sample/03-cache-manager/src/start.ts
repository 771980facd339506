import { parseArgs } from 'node:util';

const USAGE = `npm start --workspace sample/03-cache-manager                  three instances, and a page that shows them, until Ctrl-C
npm start --workspace sample/03-cache-manager -- --once        a story instead; the exit code tells whether every step succeeded
npm start --workspace sample/03-cache-manager -- instance      one instance, to run several by hand
                                              --port 3001      HTTP port of the instance, or of the first of three; the page has the one before`;

interface CommandLine {
  readonly command: 'fleet' | 'instance' | 'help';
  readonly once: boolean;
  readonly port: number;
}

/** Throws with what is wrong, for the user to read. */
function readCommandLine(): CommandLine {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      once: { type: 'boolean', default: false },
      port: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  const [command = 'fleet', ...others] = positionals;
  if ((command !== 'fleet' && command !== 'instance') || others.length > 0) {
    throw new TypeError(`there is no command ${positionals.join(' ')}`);
  }
  const port = values.port ?? process.env.PORT ?? '3001';
  if (!/^[1-9]\d{0,4}$/.test(port) || Number(port) > 65_533) throw new TypeError(`${port} is no port`);
  return { command: values.help === true ? 'help' : command, once: values.once, port: Number(port) };
}

function tryToReadCommandLine(): CommandLine | undefined {
  try {
    return readCommandLine();
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
    return undefined;
  }
}

async function start({ command, once, port }: CommandLine): Promise<number | undefined> {
  if (command === 'help') {
    console.log(USAGE);
    return 0;
  }
  if (command === 'fleet' && once) {
    const { runStory } = await import('./story/run-story.js');
    return runStory(port);
  }
  if (command === 'fleet') {
    const { runPanel } = await import('./panel/run-panel.js');
    return runPanel(port);
  }
  process.env.PORT = String(port);
  // An instance that another process started goes with it, however that ends.
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
  await import('./main.js');
  return undefined;
}

const commandLine = tryToReadCommandLine();
process.exitCode = commandLine === undefined ? 2 : await start(commandLine);
