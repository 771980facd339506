import { Controller, Get, Injectable, Param } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Cached, Invalidates } from 'nestjs-mesh/cache';
import { codeOf } from '../support/codes.js';
import { CachingWorld, heldBy, type Instance } from './support/caching.js';

interface User {
  readonly id: string;
  readonly name: string;
}

@Injectable()
class Users {
  readonly loads: string[] = [];
  readonly #name = 'Ada';
  failure: Error | undefined;

  @Cached({ key: (id: string) => `user:${id}`, ttl: 60_000, tags: (id: string) => [`users:${id.length}`] })
  async find(id: string): Promise<User> {
    this.loads.push(id);
    return Promise.resolve({ id, name: this.#name });
  }

  @Cached({ key: () => 'all', tags: ['all'] })
  async findAll(): Promise<readonly User[]> {
    return Promise.all([this.find('1'), this.find('2')]);
  }

  @Cached({ key: (user: User | undefined) => user!.name })
  async keyOfNothing(user: User | undefined): Promise<User | undefined> {
    return Promise.resolve(user);
  }

  @Invalidates({ keys: (id: string) => [`user:${id}`], tags: () => ['all'] })
  async save(id: string, name: string): Promise<string> {
    if (this.failure !== undefined) throw this.failure;
    return Promise.resolve(`${id} is ${name}`);
  }

  @Invalidates({ keys: (id: string) => [`user:${id}`], await: 'all' })
  async saveAndWait(id: string): Promise<void> {
    await Promise.resolve(id);
  }

  @Invalidates({ keys: (id: string) => [`user:${id}`], await: 3, timeout: 10 })
  async saveForMany(id: string): Promise<void> {
    await Promise.resolve(id);
  }

  @Invalidates({ keys: (id: string) => [id] })
  async saveAs(id: string): Promise<void> {
    await Promise.resolve(id);
  }
}

@Controller()
class UsersController {
  reads = 0;

  @Cached({ key: (id: string) => `http:${id}` })
  @Get('above/:id')
  async above(@Param('id') id: string): Promise<string> {
    return Promise.resolve(`${id} ${++this.reads}`);
  }

  @Get('below/:id')
  @Cached({ key: (id: string) => `http:${id}` })
  async below(@Param('id') id: string): Promise<string> {
    return Promise.resolve(`${id} ${++this.reads}`);
  }
}

let world: CachingWorld;
beforeEach(() => {
  world = new CachingWorld();
});
afterEach(() => world.close());

async function two(): Promise<readonly [Instance & { users: Users }, Instance & { users: Users }]> {
  const metadata = { providers: [Users], controllers: [UsersController] };
  const [a, b] = await world.two(() => ({ metadata }));
  return [
    { ...a, users: a.app.get(Users) },
    { ...b, users: b.app.get(Users) },
  ];
}

describe('Cached', () => {
  it('answers for a method, which runs on the instance that was called', async () => {
    const [a, b] = await two();
    expect([await a.users.find('1'), await a.users.find('1'), await b.users.find('1')]).toEqual([
      { id: '1', name: 'Ada' },
      { id: '1', name: 'Ada' },
      { id: '1', name: 'Ada' },
    ]);
    await a.users.find('2');
    expect([a.users.loads, b.users.loads]).toEqual([['1', '2'], ['1']]);
    await b.mesh.invalidateTag('users:1');
    await world.network.settled();
    expect(await heldBy(a, ['user:1', 'user:2'])).toEqual([undefined, undefined]);
  });

  it('is overtaken by an invalidation as wrap is', async () => {
    const [a, b] = await two();
    await a.users.findAll();
    expect((await heldBy(a, ['all', 'user:1'])).map((value) => typeof value)).toEqual(['object', 'object']);
    await b.users.save('1', 'Bea');
    await world.network.settled();
    expect((await heldBy(a, ['all', 'user:1', 'user:2'])).map((value) => typeof value)).toEqual([
      'undefined',
      'undefined',
      'object',
    ]);
  });

  it.each(['above', 'below'])('goes with a route decorator: %s it', async (place) => {
    const [a] = await two();
    await a.app.listen(0, '127.0.0.1');
    const read = async (): Promise<string> => (await fetch(`${await a.app.getUrl()}/${place}/7`)).text();
    expect([await read(), await read()]).toEqual(['7 1', '7 1']);
  });

  it('runs the method each time on an instance that Nest has not made', async () => {
    const users = new Users();
    await users.find('1');
    await users.find('1');
    await users.save('1', 'Bea');
    expect(users.loads).toEqual(['1', '1']);
  });

  it('keeps the name of the method, and hands on what it throws', async () => {
    expect(Users.prototype.find.name).toBe('find');
    const [a] = await two();
    a.users.failure = new Error('the database is gone');
    await a.cache.set('user:1', 'held');
    await expect(a.users.save('1', 'Bea')).rejects.toBe(a.users.failure);
    // Nothing was changed, so nothing is told.
    expect([a.bus.metrics().published, await heldBy(a, ['user:1'])]).toEqual([0, ['held']]);
  });
});

it('fails where the function for the key does, as the method would', async () => {
  const [a] = await two();
  await expect(a.users.keyOfNothing(undefined)).rejects.toBeInstanceOf(TypeError);
});

describe('Invalidates', () => {
  it('tells everyone when the method has succeeded, and gives its result', async () => {
    const [a, b] = await two();
    await b.cache.set('user:1', 'held');
    expect(await a.users.save('1', 'Bea')).toBe('1 is Bea');
    await world.network.settled();
    expect(await heldBy(b, ['user:1'])).toEqual([undefined]);
  });

  it('returns when others have dealt with it, where it is to wait', async () => {
    const [a, b] = await two();
    await b.cache.set('user:1', 'held');
    await a.users.saveAndWait('1');
    expect(await heldBy(b, ['user:1'])).toEqual([undefined]);
    expect(await codeOf(a.users.saveForMany('1'))).toBe('MESH_ERR_QUORUM_NOT_SATISFIED');
  });

  it('fails where the key is none: what was written stays', async () => {
    const [a] = await two();
    expect(await codeOf(a.users.saveAs(''))).toBe('MESH_ERR_KEY');
  });
});

/** None of these compiles: `tsc` would say so of each expectation that is not met. */
export class Typed {
  // @ts-expect-error The key takes a number, and the method a string.
  @Cached({ key: (id: number) => `user:${id}` })
  async wrongArgument(id: string): Promise<string> {
    return Promise.resolve(id);
  }

  // @ts-expect-error The method gives no promise.
  @Cached({ key: (id: string) => id })
  notAsync(id: string): string {
    return id;
  }

  // @ts-expect-error The keys take two arguments, and the method has one.
  @Invalidates({ keys: (id: string, other: string) => [id, other] })
  async tooMany(id: string): Promise<void> {
    await Promise.resolve(id);
  }

  @Invalidates({ keys: (id: string) => [id] })
  async fewer(id: string, more: number): Promise<void> {
    await Promise.resolve([id, more]);
  }
}
