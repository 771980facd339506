import { parseArgs } from 'node:util';

const USAGE = `npm start                             the story, then a live table of three instances to play with until Ctrl-C
npm start -- --once                   the story alone; the exit code tells whether every step succeeded
npm start -- instance                 one instance, to run several by hand
                       --port 3001    HTTP port of the instance, or of the first of three`;

interface CommandLine {
  readonly command: 'story' | 'instance' | 'help';
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
  const [command = 'story', ...others] = positionals;
  if ((command !== 'story' && command !== 'instance') || others.length > 0) {
    throw new TypeError(`there is no command ${positionals.join(' ')}`);
  }
  const port = values.port ?? process.env.PORT ?? '3001';
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_533) throw new TypeError(`${port} is no port`);
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
  if (command === 'story') {
    const { runStory } = await import('./story/run-story.js');
    return runStory({ once, firstPort: port });
  }
  process.env.PORT = String(port);
  // An instance that the story started goes with it, however that ends.
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
  await import('./main.js');
  return undefined;
}

const commandLine = tryToReadCommandLine();
process.exitCode = commandLine === undefined ? 2 : await start(commandLine);
