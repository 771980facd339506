import { ConsoleLogger, Logger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { connectMesh } from 'nestjs-mesh';
import { AppModule } from './app.module.js';

// Whoever has started it is gone: so goes this.
process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));

Logger.overrideLogger(
  new ConsoleLogger({ prefix: `instance ${process.env.INSTANCE ?? ''}`, logLevels: ['warn', 'error'] }),
);
const app = await NestFactory.create(AppModule);
connectMesh(app);
app.enableShutdownHooks();
await app.startAllMicroservices();
await app.listen(0, '127.0.0.1');
process.send?.(await app.getUrl());
