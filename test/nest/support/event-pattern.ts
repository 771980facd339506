import { EventPattern as NestEventPattern, type Transport } from '@nestjs/microservices';

/**
 * Nest's own decorator under the type that it has in Nest 11. That of Nest 12 wants each parameter of a handler behind
 * the first to be `unknown`, unless it is written `@EventPattern<string>('…')`, which another lint rule objects to.
 */
export const EventPattern: (pattern: unknown, transport?: Transport | symbol) => MethodDecorator = NestEventPattern;
