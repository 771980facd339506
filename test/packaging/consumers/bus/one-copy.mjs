import { strictEqual } from 'node:assert';
import { createRequire } from 'node:module';
import * as imported from 'nestjs-mesh/bus';

const required = createRequire(import.meta.url)('nestjs-mesh/bus');
strictEqual(required.MeshBus, imported.MeshBus);
console.log('one copy');
