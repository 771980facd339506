import { MessagePattern as NestMessagePattern, type Transport } from '@nestjs/microservices';

/** Nest's own decorator under the type that it has in Nest 11, for the reason that `EventPattern` here has. */
export const MessagePattern: (pattern: unknown, transport?: Transport | symbol) => MethodDecorator = NestMessagePattern;
