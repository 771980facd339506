import { strictEqual } from 'node:assert';
import { createRequire } from 'node:module';
import * as bus from 'nestjs-mesh/bus';
import * as cache from 'nestjs-mesh/cache';
import * as mesh from 'nestjs-mesh';
import * as terminus from 'nestjs-mesh/terminus';
import * as testing from 'nestjs-mesh/testing';

const require = createRequire(import.meta.url);
strictEqual(mesh.MeshBus, bus.MeshBus);
strictEqual(require('nestjs-mesh/bus').MeshBus, bus.MeshBus);
strictEqual(require('nestjs-mesh').MeshModule, mesh.MeshModule);
strictEqual(require('nestjs-mesh').MeshRecordBuilder, mesh.MeshRecordBuilder);
strictEqual(require('nestjs-mesh/cache').MeshCacheModule, cache.MeshCacheModule);
strictEqual(require('nestjs-mesh/terminus').MeshHealthIndicator, terminus.MeshHealthIndicator);
strictEqual(require('nestjs-mesh/testing').MemoryMesh, testing.MemoryMesh);
strictEqual(require('nestjs-mesh/package.json').name, 'nestjs-mesh');
console.log('one copy');
