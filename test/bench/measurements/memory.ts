import { type AppKind, AppLauncher } from '../harness/apps.js';
import type { Bench, Contest, Runner } from '../harness/measurement.js';

const PEERS = 10;
const MIB = 1024 * 1024;
/** Some processes keep up to 15 MiB of pages that they do not need: the least of so many tells what is needed. */
const LAUNCHES = 3;

/** What an application with a transport has more than one without, each in a process of its own. */
async function open(kind: AppKind, bench: Bench): Promise<Runner> {
  const [bare, full] = [await AppLauncher.open('bare', 0, bench), await AppLauncher.open(kind, PEERS, bench)];
  async function resident(launcher: AppLauncher): Promise<number> {
    const launches = Array.from({ length: LAUNCHES }, () =>
      launcher.launch((app) => app.call('resident') as Promise<number>),
    );
    return Math.min(...(await Promise.all(launches)));
  }
  return {
    async measure() {
      const [without, having] = await Promise.all([resident(bare), resident(full)]);
      return { figures: { added: (having - without) / MIB, bare: without / MIB }, due: 0, lost: 0 };
    },
    close: () => full.close(),
  };
}

export const MEMORY: Contest = {
  kind: 'contest',
  name: 'memory',
  title: `resident memory added to a bare Nest application, idle, ${PEERS} peers`,
  figures: [
    { name: 'added', unit: 'MiB' },
    { name: 'bare', unit: 'MiB' },
  ],
  warmUps: 0,
  contestants: [
    { name: 'nestjs-mesh', open: (bench) => open('mesh', bench) },
    { name: 'Redis', needs: 'redis', open: (bench) => open('redis', bench) },
  ],
  goals: [{ figure: 'added', against: 'Redis', atMost: 1.25 }],
};
