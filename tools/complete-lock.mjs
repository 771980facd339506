// npm leaves out of the lock those optional packages that the registry at hand does not serve, mostly binaries for other
// systems, and npm ci then refuses the lock. This writes them in by the version that their parent names. Without an
// integrity they are installed as any other package on the systems that want them.
import { readFileSync, writeFileSync } from 'node:fs';

const lock = JSON.parse(readFileSync('package-lock.json', 'utf8'));
const { packages } = lock;

/** What an entry says of the system, from a name such as `core-linux-x64-gnu`. */
function systemOf(name) {
  const [, os, cpu, abi] =
    /-(aix|android|darwin|freebsd|linux|openharmony|sunos|win32)-([^-]+)(?:-(.+))?$/.exec(name) ?? [];
  if (os === undefined) return undefined;
  const libc = os === 'linux' && { gnu: 'glibc', musl: 'musl' }[abi];
  return { cpu: [cpu], ...(libc && { libc: [libc] }), os: [os] };
}

for (const [path, parent] of Object.entries(packages)) {
  for (const [name, version] of Object.entries(parent.optionalDependencies ?? {})) {
    const system = systemOf(name);
    const present = packages[`node_modules/${name}`] ?? packages[`${path}/node_modules/${name}`];
    if (present || system === undefined || !/^\d+\.\d+\.\d+$/.test(version)) continue;
    packages[`node_modules/${name}`] = { version, ...(parent.dev && { dev: true }), optional: true, ...system };
    console.log(`added ${name}@${version}`);
  }
}

lock.packages = Object.fromEntries(Object.entries(packages).sort(([a], [b]) => a.localeCompare(b, 'en')));
writeFileSync('package-lock.json', `${JSON.stringify(lock, null, 2)}\n`);
