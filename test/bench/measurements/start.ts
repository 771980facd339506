import { type AppKind, AppLauncher } from '../harness/apps.js';
import type { Bench, Contest, Runner } from '../harness/measurement.js';

async function open(kind: AppKind, bench: Bench): Promise<Runner> {
  const launcher = await AppLauncher.open(kind, 1, bench);
  return {
    async measure() {
      const time = await launcher.launch((_, startMs) => startMs);
      return { figures: { time }, due: 0, lost: 0 };
    },
    close: () => launcher.close(),
  };
}

export const START: Contest = {
  kind: 'contest',
  name: 'start',
  title: 'from `NestFactory.create` until events can go both ways, one peer present',
  figures: [{ name: 'time', unit: 'ms' }],
  warmUps: 1,
  contestants: [
    { name: 'nestjs-mesh', open: (bench) => open('mesh', bench) },
    { name: 'Redis', needs: 'redis', open: (bench) => open('redis', bench) },
  ],
  goals: [{ figure: 'time', against: 'Redis', atMost: 1.5 }],
};
