import { readFile } from 'node:fs/promises';
import {
  BadGatewayException,
  ConflictException,
  Controller,
  Get,
  Header,
  NotFoundException,
  Param,
  Post,
} from '@nestjs/common';
import { Fleet } from '../fleet/fleet.js';
import type { Instance } from '../fleet/instance.js';
import { PRODUCT_COUNT } from '../products/product.js';

const PAGE = new URL('../../page/index.html', import.meta.url);

/** What the page says when it was done. */
interface Done {
  readonly said: string;
}

type Command = (instance: Instance) => Promise<string>;

/** What any instance can be told to do. */
const commands = new Map<string, Command>([
  [
    'write',
    async (instance) => {
      const id = randomProduct();
      const { price } = await instance.read(id);
      await instance.changePrice(id, price + 1);
      return `${instance.name} has written product ${id}: ${price} became ${price + 1}`;
    },
  ],
  [
    'swap',
    async (instance) => {
      const first = randomProduct();
      const second = (first % PRODUCT_COUNT) + 1;
      await instance.swapPrices(first, second);
      return `${instance.name} has swapped the prices of products ${first} and ${second} in a transaction`;
    },
  ],
  [
    'raise',
    async (instance) => {
      await instance.raiseAll(1);
      return `${instance.name} has raised all prices in a transaction, and invalidated one tag`;
    },
  ],
  [
    'clear',
    async (instance) => {
      await instance.clearCache();
      return `${instance.name} has emptied the caches of all`;
    },
  ],
]);

/** The page, and what its buttons do. */
@Controller()
export class PanelController {
  constructor(private readonly fleet: Fleet) {}

  @Get()
  @Header('content-type', 'text/html; charset=utf-8')
  page(): Promise<string> {
    return readFile(PAGE, 'utf8');
  }

  @Get('instances')
  instances(): readonly { readonly name: string; readonly url: string }[] {
    return this.fleet.instances.map(({ name, url }) => ({ name, url }));
  }

  /** On an instance at random. */
  @Post('commands/:command')
  async run(@Param('command') name: string): Promise<Done> {
    const command = commands.get(name);
    if (command === undefined) throw new NotFoundException(`there is no command ${name}`);
    const running = this.fleet.instances.filter((instance) => instance.running);
    const instance = running[Math.floor(Math.random() * running.length)];
    if (instance === undefined) throw new ConflictException('no instance runs');
    return { said: await answered(command(instance)) };
  }

  @Post('instances/:name/kill')
  async kill(@Param('name') name: string): Promise<Done> {
    const instance = this.#find(name, true);
    await instance.kill();
    return { said: `${name} was killed: it has said no goodbye` };
  }

  @Post('instances/:name/crash')
  async crash(@Param('name') name: string): Promise<Done> {
    const instance = this.#find(name, true);
    const id = randomProduct();
    await answered(instance.crashAfterCommit(id));
    return { said: `${name} has written product ${id}, committed, and died before it told anybody` };
  }

  @Post('instances/:name/restart')
  restart(@Param('name') name: string): Done {
    const { pid } = this.fleet.restart(this.#find(name, false));
    return { said: `${name} is started anew, as process ${String(pid)}` };
  }

  #find(name: string, running: boolean): Instance {
    const instance = this.fleet.instances.find((one) => one.name === name);
    if (instance === undefined) throw new NotFoundException(`there is no instance ${name}`);
    if (instance.running !== running)
      throw new ConflictException(`${name} ${running ? 'does not run' : 'runs already'}`);
    return instance;
  }
}

async function answered<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw new BadGatewayException(error instanceof Error ? error.message : String(error));
  }
}

function randomProduct(): number {
  return 1 + Math.floor(Math.random() * PRODUCT_COUNT);
}
