import { Logger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { connectMesh } from 'nestjs-mesh';
import { AppModule } from './app.module.js';

const app = await NestFactory.create(AppModule);
connectMesh(app);
app.enableShutdownHooks();
await app.startAllMicroservices();
await app.listen(process.env.PORT ?? 3001, '127.0.0.1');
Logger.log(`Listening on ${await app.getUrl()}`, 'Sample');
