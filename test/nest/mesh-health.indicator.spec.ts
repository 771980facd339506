import { Controller, Get, Inject } from '@nestjs/common';
import { HealthCheckService, TerminusModule } from '@nestjs/terminus';
import { afterEach, describe, expect, it } from '@jest/globals';
import { MeshBus, MeshModule } from 'nestjs-mesh';
import { MeshHealthIndicator, type MeshHealthOptions } from 'nestjs-mesh/terminus';
import { Opened } from './support/applications.js';
import { Children, isNest12 } from './support/children.js';
import { alone, loopback } from './support/mesh-options.js';

const opened = new Opened();
afterEach(() => opened.close());

/** Set by each spec, as a user would write it down. */
let wanted: MeshHealthOptions | undefined;

@Controller('health')
class HealthController {
  constructor(
    @Inject(HealthCheckService) private readonly health: HealthCheckService,
    @Inject(MeshHealthIndicator) private readonly mesh: MeshHealthIndicator,
  ) {}

  @Get()
  check() {
    return this.health.check([() => this.mesh.isHealthy('mesh', wanted)]);
  }
}

async function application(options = alone()) {
  const app = await opened.application({
    imports: [MeshModule.forRoot(options), TerminusModule.forRoot({ logger: false })],
    controllers: [HealthController],
    providers: [MeshHealthIndicator],
  });
  await app.listen(0, '127.0.0.1');
  const url = `${await app.getUrl()}/health`;
  const ask = async (settings?: MeshHealthOptions) => {
    wanted = settings;
    const response = await fetch(url);
    const body = (await response.json()) as { readonly status: string; readonly details: { readonly mesh: object } };
    return { code: response.status, status: body.status, mesh: body.details.mesh };
  };
  return { app, ask };
}

/** What terminus makes of a node that is not well and still serves. */
function degraded(detail: object) {
  return isNest12
    ? { code: 200, status: 'degraded', mesh: { status: 'degraded', ...detail } }
    : { code: 200, status: 'ok', mesh: { status: 'up', degraded: true, ...detail } };
}

const down = (detail: object) => ({ code: 503, status: 'error', mesh: { status: 'down', ...detail } });

describe('MeshHealthIndicator', () => {
  it('is up where the bus runs, also alone', async () => {
    const { ask } = await application();
    expect(await ask()).toEqual({ code: 200, status: 'ok', mesh: { status: 'up', mesh: 'ready', peers: 0 } });
    expect((await ask({ strict: true })).code).toBe(200);
  });

  it('is degraded with fewer than minPeers, and down if strict', async () => {
    const { ask } = await application();
    const detail = { mesh: 'ready', peers: 0, message: 'fewer peers than 2' };
    expect(await ask({ minPeers: 2 })).toEqual(degraded(detail));
    expect(await ask({ minPeers: 2, strict: true })).toEqual(down(detail));
  });

  it('counts members, and no clients', async () => {
    const options = loopback();
    const { app, ask } = await application(options);
    const other = opened.add(new MeshBus(options));
    await other.start();
    await app.get(MeshBus).waitForPeers(1);
    expect(await ask({ minPeers: 1 })).toMatchObject({ code: 200, mesh: { status: 'up', peers: 1 } });
    await other.close();
    const client = opened.add(new MeshBus(options, { role: 'client' }));
    await client.start();
    await app.get(MeshBus).waitForPeers(1);
    expect(await ask({ minPeers: 1 })).toMatchObject({ mesh: { peers: 0, message: 'fewer peers than 1' } });
  });

  it('is degraded in isolation, and down if strict', async () => {
    const children = opened.add(new Children());
    const options = { ...loopback(), heartbeat: 100 };
    const { app, ask } = await application(options);
    const bus = app.get(MeshBus);
    const peer = children.run('peer', JSON.stringify(options));
    await bus.waitForPeers(1);
    const isolated = new Promise<void>((resolve) => {
      bus.onStatus((status) => status === 'isolated' && resolve());
    });
    peer.kill('SIGKILL');
    await isolated;
    const detail = { mesh: 'isolated', peers: 0, message: 'every peer that was known has gone silent' };
    expect(await ask()).toEqual(degraded(detail));
    expect(await ask({ strict: true })).toEqual(down(detail));
  });

  it('is down where the bus does not run', async () => {
    const { app, ask } = await application();
    await app.get(MeshBus).close();
    expect(await ask()).toEqual(down({ mesh: 'closed', peers: 0, message: 'it does not run' }));
  });

  it('looks at the bus that it is given', async () => {
    const other = opened.add(new MeshBus(alone()));
    const { ask } = await application();
    expect(await ask({ bus: other })).toMatchObject({ code: 503, mesh: { mesh: 'idle' } });
  });

  it('names a mistake of its caller', async () => {
    const app = await opened.application({ imports: [TerminusModule], providers: [MeshHealthIndicator] });
    const indicator = app.get(MeshHealthIndicator);
    const bus = opened.add(new MeshBus(alone()));
    await expect(indicator.isHealthy('mesh')).rejects.toMatchObject({ code: 'MESH_ERR_CONFIG' });
    await expect(indicator.isHealthy('mesh', { bus, minPeers: -1 })).rejects.toMatchObject({ code: 'MESH_ERR_CONFIG' });
  });
});
