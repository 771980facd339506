import { Controller, Inject, Injectable, type INestApplication, Module, Scope } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  connectMesh,
  InjectMeshBus,
  InjectMeshClient,
  InjectMeshServer,
  MESH_TRANSPORT,
  MeshBus,
  MeshClient,
  MeshKey,
  type MeshMatchingEvent,
  MeshModule,
  type MeshOptions,
  type MeshOptionsFactory,
  type MeshResync,
  MeshServer,
  meshTransport,
  OnMeshMatching,
  OnMeshResync,
} from 'nestjs-mesh';
import { EventPattern } from './support/event-pattern.js';
import { MessagePattern } from './support/message-pattern.js';
import { moduleOf, Opened, quiet } from './support/applications.js';
import { Children } from './support/children.js';
import { Inbox } from '../support/inbox.js';
import { alone, listeningLogger, loopback } from './support/mesh-options.js';

const opened = new Opened();
let calls: Inbox<string>;

beforeEach(() => {
  calls = new Inbox();
});
afterEach(() => opened.close());

@Controller()
class KeyController {
  @EventPattern('key:*')
  onKey(@MeshKey() key: string): void {
    calls.add(key);
  }
}

/** What was said, but for the seed that these meshes are alone with. */
function saidBy({ said }: ReturnType<typeof listeningLogger>): string[] {
  return said.items.filter((line) => !line.includes('none of the seeds'));
}

/** Where an application's mesh listens, and under which name. */
function snapshotOf(app: INestApplication, token: unknown = MeshBus) {
  return app.get<MeshBus>(token as typeof MeshBus).snapshot();
}

describe('MeshModule', () => {
  it('gives one bus, shared by server and client', async () => {
    const app = await opened.application({ imports: [MeshModule.forRoot(alone())] });
    const bus = app.get(MeshBus);
    expect(app.get(MeshServer).unwrap()).toBe(bus);
    expect(app.get(MeshClient).unwrap()).toBe(bus);
  });

  it('opens nothing before the application initialises', async () => {
    const testing = await Test.createTestingModule({ imports: [MeshModule.forRoot(alone())] }).compile();
    expect(testing.get(MeshBus).status).toBe('idle');
    await testing.close();
  });

  it('delivers an own emit to own handlers, once', async () => {
    const app = await opened.connected({ imports: [MeshModule.forRoot(alone())], controllers: [KeyController] });
    app.get(MeshClient).emit('key:a');
    app.get(MeshClient).emit('key:b');
    await calls.find((key) => key === 'key:b');
    expect(calls.items).toEqual(['key:a', 'key:b']);
  });

  it('does not where selfDelivery is off', async () => {
    const options = { ...alone(), selfDelivery: false };
    const app = await opened.connected({ imports: [MeshModule.forRoot(options)], controllers: [KeyController] });
    await app.get(MeshBus).publish('key:a');
    await new Promise(setImmediate);
    expect(calls.items).toEqual([]);
  });

  it('carries events from one application to another', async () => {
    const options = loopback();
    const metadata = { imports: [MeshModule.forRoot(options)], controllers: [KeyController] };
    const here = await opened.connected(metadata);
    await opened.connected({ imports: [MeshModule.forRoot(options)], controllers: [KeyController] });
    await here.get(MeshBus).waitForPeers(1);
    here.get(MeshClient).emit('key:a');
    here.get(MeshClient).emit('key:b');
    await calls.until((keys) => keys.filter((key) => key === 'key:b').length === 2);
    expect([...calls.items].sort()).toEqual(['key:a', 'key:a', 'key:b', 'key:b']);
  });

  it('works without connectMesh where nothing is handled', async () => {
    const app = await opened.application({ imports: [MeshModule.forRoot(alone())] });
    await app.init();
    app.get(MeshBus).subscribe('key', ({ key }) => calls.add(key));
    app.get(MeshClient).emit('key');
    await calls.find((key) => key === 'key');
  });

  it('takes emits from the init hooks of others', async () => {
    @Injectable()
    class Early {
      constructor(
        @Inject(MeshClient) private readonly client: MeshClient,
        @Inject(MeshBus) private readonly bus: MeshBus,
      ) {}

      onModuleInit(): void {
        this.bus.subscribe('early', ({ key }) => calls.add(key));
        this.client.emit('early');
      }
    }
    const app = await opened.application({ imports: [MeshModule.forRoot(alone())], providers: [Early] });
    await app.init();
    await calls.find((key) => key === 'early');
  });

  it('names all that is wrong with the options when the application starts', async () => {
    const imports = [MeshModule.forRoot({ port: 0, cluster: '' })];
    await expect(opened.application({ imports })).rejects.toMatchObject({
      code: 'MESH_ERR_CONFIG',
      message: expect.stringMatching(/port.*cluster|cluster.*port/s),
    });
  });

  it('changes nothing about the options that it is given', async () => {
    const options = Object.freeze({ ...alone(), name: undefined, isGlobal: undefined, logger: undefined });
    const before = { ...options };
    await opened.application({ imports: [MeshModule.forRoot(options)] });
    expect(options).toEqual(before);
  });

  it('is there for every module, and with isGlobal: false for those that import it', async () => {
    @Injectable()
    class Service {
      constructor(@Inject(MeshBus) readonly bus: MeshBus) {}
    }
    const feature = moduleOf({ providers: [Service] });
    const app = await opened.application({ imports: [MeshModule.forRoot(alone()), feature] });
    expect(app.get(Service).bus).toBe(app.get(MeshBus));
    const local = MeshModule.forRoot({ ...alone(), isGlobal: false });
    await expect(opened.application({ imports: [local, moduleOf({ providers: [Service] })] })).rejects.toThrow(
      /Service/,
    );
    const importing = moduleOf({ imports: [local], providers: [Service] });
    const other = await opened.application({ imports: [local, importing] });
    expect(other.get(Service).bus).toBe(other.get(MeshBus));
  });
});

describe('MeshModule.forRootAsync', () => {
  const options = alone();

  @Injectable()
  class Settings {
    readonly options: MeshOptions = options;
  }

  @Module({ providers: [Settings], exports: [Settings] })
  class SettingsModule {}

  @Injectable()
  class Factory implements MeshOptionsFactory {
    constructor(@Inject(Settings) private readonly settings: Settings) {}

    createMeshOptions(): MeshOptions {
      return { ...this.settings.options, cluster: 'by-class' };
    }
  }

  it('takes a factory with what it injects', async () => {
    const app = await opened.application({
      imports: [
        MeshModule.forRootAsync({
          imports: [SettingsModule],
          inject: [Settings],
          useFactory: async (settings: Settings) => ({ ...settings.options, cluster: 'by-factory' }),
        }),
      ],
    });
    expect(snapshotOf(app).cluster).toBe('by-factory');
  });

  it('takes a class', async () => {
    const app = await opened.application({
      imports: [MeshModule.forRootAsync({ imports: [SettingsModule], useClass: Factory })],
    });
    expect(snapshotOf(app).cluster).toBe('by-class');
  });

  it('takes a provider that exists', async () => {
    const imports = [SettingsModule];
    const existing = moduleOf({ imports, providers: [Factory], exports: [Factory] });
    const app = await opened.application({
      imports: [MeshModule.forRootAsync({ imports: [existing], useExisting: Factory })],
    });
    expect(snapshotOf(app).cluster).toBe('by-class');
  });

  it('takes a name and isGlobal besides', async () => {
    const app = await opened.application({
      imports: [MeshModule.forRootAsync({ name: 'eu', isGlobal: false, useFactory: () => options })],
    });
    expect(snapshotOf(app, 'MeshBus(eu)').cluster).toBe('spec');
  });

  it('delivers to itself unless told otherwise, as forRoot does', async () => {
    const app = await opened.connected({
      imports: [MeshModule.forRootAsync({ useFactory: () => options })],
      controllers: [KeyController],
    });
    app.get(MeshClient).emit('key:a');
    await calls.find((key) => key === 'key:a');
  });

  it.each([
    [{ name: 'eu' }, /^name can not come from the factory.*\{ name: …, useFactory/],
    [{ name: 'eu', isGlobal: false }, /^name and isGlobal can not come from the factory/],
  ])('says where %j belongs, when the factory gives it', async (extras, message) => {
    const useFactory = () => ({ ...alone(), ...extras });
    await expect(opened.application({ imports: [MeshModule.forRootAsync({ useFactory })] })).rejects.toMatchObject({
      code: 'MESH_ERR_CONFIG',
      message: expect.stringMatching(message),
    });
  });

  it('wants one source of options', () => {
    expect(() => MeshModule.forRootAsync({ inject: [] })).toThrow(expect.objectContaining({ code: 'MESH_ERR_CONFIG' }));
  });
});

describe('MeshModule: overridden by a test', () => {
  it('starts with a stub of the client, and opens no socket for it', async () => {
    const imports = [MeshModule.forRoot(alone())];
    const emit = (key: string): void => calls.add(key);
    const testing = await Test.createTestingModule({ imports })
      .overrideProvider(MeshClient)
      .useValue({ emit })
      .compile();
    const app = await opened.add(testing.createNestApplication(quiet)).init();
    app.get<{ emit: typeof emit }>(MeshClient).emit('key');
    expect(calls.items).toEqual(['key']);
    expect(app.get(MeshBus).status).toBe('idle');
  });

  it('starts with a stub of the bus, to which the client publishes', async () => {
    const imports = [MeshModule.forRoot(alone())];
    const publish = (key: string): void => calls.add(key);
    const testing = await Test.createTestingModule({ imports, controllers: [KeyController] })
      .overrideProvider(MeshBus)
      .useValue({ publish })
      .compile();
    const app = opened.add(testing.createNestApplication(quiet));
    connectMesh(app);
    await app.startAllMicroservices();
    await app.init();
    app.get(MeshClient).emit('stub');
    await calls.find((key) => key === 'stub');
    expect(app.get(MeshServer).isListening).toBe(true);
  });

  it.each([
    ['none where it can not be asked', {}, [/no matching message handler/]],
    ['its own', { request: answering }, ['answer', 'later']],
  ])('gives the client of a stub of the bus an answer: %s', async (_, stub, expected) => {
    @Controller()
    class SumController {
      @MessagePattern('sum')
      sum(): string {
        return 'of no stub';
      }
    }
    const imports = [MeshModule.forRoot(alone())];
    const builder = Test.createTestingModule({ imports, controllers: [SumController] });
    const testing = await builder.overrideProvider(MeshBus).useValue(stub).compile();
    const app = opened.add(testing.createNestApplication(quiet));
    connectMesh(app);
    await app.startAllMicroservices();
    const seen = new Inbox<unknown>();
    app.get(MeshClient).send('sum', 1).subscribe({ next: seen.add, error: seen.add });
    const answers = await seen.atLeast(expected.length);
    expect(answers).toEqual(expected.map((each) => (typeof each === 'string' ? each : expect.stringMatching(each))));
  });

  /** What a test may have in the place of `MeshBus.request`: it need not return what cancels. */
  function answering(_key: string, _options: unknown, observer: { next(value: unknown): void }): void {
    observer.next('answer');
    queueMicrotask(() => observer.next('later'));
  }
});

describe('MeshModule: several meshes', () => {
  @Injectable()
  class Meshes {
    constructor(
      @InjectMeshBus() readonly bus: MeshBus,
      @InjectMeshBus('eu') readonly euBus: MeshBus,
      @InjectMeshClient('eu') readonly euClient: MeshClient,
      @InjectMeshServer('eu') readonly euServer: MeshServer,
    ) {}
  }

  @Controller()
  class TwoController {
    @EventPattern('key', MESH_TRANSPORT)
    onHere(): void {
      calls.add('here');
    }

    @EventPattern('key', meshTransport('eu'))
    onThere(): void {
      calls.add('there');
    }

    @EventPattern('key')
    onAny(): void {
      calls.add('any');
    }
  }

  it('keeps their handlers apart by transport', async () => {
    const app = await opened.application({
      imports: [MeshModule.forRoot(alone()), MeshModule.forRoot({ ...alone(), name: 'eu' })],
      controllers: [TwoController],
      providers: [Meshes],
    });
    connectMesh(app);
    connectMesh(app, 'eu');
    await app.startAllMicroservices();
    await app.init();
    const { bus, euBus, euClient, euServer } = app.get(Meshes);
    expect(euClient.unwrap()).toBe(euBus);
    expect(euServer.unwrap()).toBe(euBus);
    expect(bus).not.toBe(euBus);
    euClient.emit('key');
    await calls.atLeast(2);
    app.get(MeshClient).emit('key');
    await calls.atLeast(4);
    expect(calls.items).toEqual(['there', 'any', 'here', 'any']);
  });

  it('refuses two of one name in an application, and names it', async () => {
    const twice = (name?: string) => [
      MeshModule.forRoot({ ...alone(), name }),
      MeshModule.forRoot({ ...alone(), name }),
    ];
    await expect(opened.application({ imports: twice() })).rejects.toMatchObject({ code: 'MESH_ERR_CONFIG' });
    await expect(opened.application({ imports: twice('eu') })).rejects.toThrow(/'eu'/);
    const deep = moduleOf({ imports: [MeshModule.forRootAsync({ useFactory: () => alone() })] });
    await expect(opened.application({ imports: [MeshModule.forRoot(alone()), deep] })).rejects.toMatchObject({
      code: 'MESH_ERR_CONFIG',
    });
  });

  it('allows the same name in another application of the process', async () => {
    await opened.application({ imports: [MeshModule.forRoot(alone())] });
    await opened.application({ imports: [MeshModule.forRoot(alone())] });
  });

  it('allows one module to be imported in several places', async () => {
    const mesh = MeshModule.forRoot(alone());
    await opened.application({ imports: [mesh, moduleOf({ imports: [mesh] })] });
  });

  it.each(['', null, 7])('refuses %j for a name', (name) => {
    expect(() => MeshModule.forRoot({ name: name as string })).toThrow(
      expect.objectContaining({ code: 'MESH_ERR_CONFIG' }),
    );
  });
});

describe('MeshModule: marked methods', () => {
  @Injectable()
  class Marked {
    readonly #prefix = 'marked';

    @OnMeshResync()
    onResync(resync: MeshResync): void {
      calls.add(`${this.#prefix} ${resync.reason} ${resync.all}`);
    }

    @OnMeshMatching()
    async onMatching({ pattern }: MeshMatchingEvent): Promise<void> {
      calls.add(`${this.#prefix} ${pattern}`);
    }

    @OnMeshMatching('eu')
    onOther({ pattern }: MeshMatchingEvent): void {
      calls.add(`eu ${pattern}`);
    }
  }

  @Controller()
  class MarkedController {
    @OnMeshMatching()
    onMatching({ pattern }: MeshMatchingEvent): void {
      calls.add(`controller ${pattern}`);
    }
  }

  @Injectable({ scope: Scope.REQUEST })
  class RequestScoped {
    @OnMeshMatching()
    onMatching(): void {
      calls.add('request-scoped');
    }
  }

  it('calls those of singletons with what publishMatching says, and no key reaches them', async () => {
    const app = await opened.application({
      imports: [MeshModule.forRoot(alone())],
      controllers: [MarkedController],
      providers: [Marked, { provide: 'ALIAS', useExisting: Marked }],
    });
    await app.init();
    const bus = app.get(MeshBus);
    bus.subscribe('*', ({ key }) => calls.add(key));
    await bus.publish(['onMatching', 'onResync', 'nestjs-mesh:on-matching']);
    await bus.publishMatching('user:*');
    await calls.until((all) => all.includes('controller user:*'));
    expect(calls.items).toEqual([
      'onMatching',
      'onResync',
      'nestjs-mesh:on-matching',
      'marked user:*',
      'controller user:*',
    ]);
  });

  it('calls those of a resync', async () => {
    const children = opened.add(new Children());
    const options = { ...loopback(), heartbeat: 100, onIsolation: 'flush' as const };
    const app = await opened.application({ imports: [MeshModule.forRoot(options)], providers: [Marked] });
    await app.init();
    const statuses = new Inbox<string>();
    app.get(MeshClient).status.subscribe(statuses.add);
    const peer = children.run('peer', JSON.stringify(options));
    await app.get(MeshBus).waitForPeers(1);
    peer.kill('SIGKILL');
    await calls.find((call) => call === 'marked isolated true');
    expect(statuses.items).toEqual(['connected', 'isolated']);
  });

  it('says of others that they are never called', async () => {
    const logger = listeningLogger();
    const app = await opened.application({
      imports: [MeshModule.forRoot({ ...alone(), logger })],
      providers: [RequestScoped],
    });
    await app.init();
    expect(logger.said.items.join('\n')).toContain('RequestScoped.onMatching()');
    await app.get(MeshBus).publishMatching('user:*');
    expect(calls.items).toEqual([]);
  });
});

describe('MeshModule: what it says', () => {
  it('says through the logger of its options how it started', async () => {
    const logger = listeningLogger();
    const app = await opened.application({ imports: [MeshModule.forRoot({ ...alone(), logger })] });
    await app.init();
    expect(saidBy(logger)).toEqual([expect.stringMatching(/^log: mesh "spec" 127\.0\.0\.1:\d+ · unicast only · /)]);
  });

  it('names the line to add where handlers are declared and the server never listens', async () => {
    const logger = listeningLogger();
    const app = await opened.application({
      imports: [MeshModule.forRoot({ ...alone(), logger }), MeshModule.forRoot({ ...alone(), name: 'eu', logger })],
      controllers: [KeyController],
    });
    connectMesh(app, 'eu');
    await app.startAllMicroservices();
    await app.init();
    await logger.said.find((line) => line.includes('1 event handler hears') && line.includes('connectMesh(app);'));
    expect(saidBy(logger).filter((line) => line.startsWith('warn: '))).toHaveLength(1);
  });
});
