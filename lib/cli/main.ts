#!/usr/bin/env node
import { runCommand } from './run-command.js';

const { exitCode, stdout, stderr } = runCommand(process.argv.slice(2));
process.stdout.write(stdout);
process.stderr.write(stderr);
process.exitCode = exitCode;
