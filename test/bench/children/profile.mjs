import { writeFile } from 'node:fs/promises';
import { Session } from 'node:inspector/promises';
import { join } from 'node:path';

/** Where profiles are to be written; none is taken without it. */
const FOLDER = process.env.BENCH_PROFILE;

/** Profiles this process from now on. The result writes down what was seen so far. */
export async function startProfile(name) {
  if (FOLDER === undefined) return () => undefined;
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.start');
  return async () => {
    const { profile } = await session.post('Profiler.stop');
    await writeFile(join(FOLDER, `${name}-${process.pid}.cpuprofile`), JSON.stringify(profile));
  };
}
