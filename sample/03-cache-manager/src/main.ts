import { Logger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';
import { PANEL_ORIGIN } from './settings.js';

// Streams of events have no end of their own.
// eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment -- Nest declares its options as a class
const app = await NestFactory.create(AppModule, { forceCloseConnections: true });
if (PANEL_ORIGIN !== undefined) app.enableCors({ origin: PANEL_ORIGIN });
app.enableShutdownHooks();
await app.listen(process.env.PORT ?? 3001, '127.0.0.1');
Logger.log(`Listening on ${await app.getUrl()}`, 'Sample');
