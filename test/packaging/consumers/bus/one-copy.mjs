import { strictEqual } from 'node:assert';
import { createRequire } from 'node:module';
import * as driver from 'nestjs-mesh/bentocache';
import * as imported from 'nestjs-mesh/bus';

const require = createRequire(import.meta.url);
const required = require('nestjs-mesh/bus');
strictEqual(required.MeshBus, imported.MeshBus);
strictEqual(require('nestjs-mesh/bentocache').meshBusDriver, driver.meshBusDriver);
console.log('one copy');
