import { parseArgs } from 'node:util';

const USAGE = `npm start                                the story, then three instances to play with until Ctrl-C
npm start -- --once                      the story alone; the exit code tells whether every step succeeded
npm start -- instance [--port 3001]      one instance, to run several by hand`;

function parseCommandLine() {
  return parseArgs({
    allowPositionals: true,
    options: { once: { type: 'boolean', default: false }, port: { type: 'string' } },
  });
}

async function start(): Promise<void> {
  const { values, positionals } = parseCommandLine();
  const [command = 'story', ...others] = positionals;
  if (others.length > 0) throw new TypeError(`one command only, and not ${others.join(' ')}`);
  switch (command) {
    case 'instance':
      if (values.port !== undefined) process.env.PORT = values.port;
      // An instance that the story started goes with it, however that ends.
      process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
      await import('./main.js');
      return;
    case 'story': {
      const { runStory } = await import('./story/run-story.js');
      process.exitCode = await runStory({ once: values.once });
      return;
    }
    default:
      throw new TypeError(`there is no command ${command}`);
  }
}

try {
  await start();
} catch (error) {
  if (!(error instanceof TypeError)) throw error;
  console.error(`${error.message}\n\n${USAGE}`);
  process.exitCode = 2;
}
