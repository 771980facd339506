import { Module } from '@nestjs/common';
import { DATABASE_FILE } from '../settings.js';
import { Database } from './database.js';
import { Transactions } from './transactions.js';

@Module({
  providers: [{ provide: Database, useFactory: () => Database.open(DATABASE_FILE) }, Transactions],
  exports: [Database, Transactions],
})
export class DatabaseModule {}
