import { describe, expect, it } from '@jest/globals';
import { runCommand } from '../../../lib/cli/run-command.js';
import { resolveSecret } from '../../../lib/options/secret-checks.js';

describe('runCommand', () => {
  it('makes a secret of 32 bytes, another each time, that the option takes', () => {
    const lines = Array.from({ length: 20 }, () => runCommand(['keygen']));
    for (const { exitCode, stdout, stderr } of lines) {
      expect(stdout).toMatch(/^[\w-]{43}\n$/);
      expect([exitCode, stderr]).toEqual([0, '']);
      expect(Buffer.from(stdout, 'base64url')).toHaveLength(32);
      expect(resolveSecret(stdout.trim()).keys.size).toBe(1);
    }
    expect(new Set(lines.map(({ stdout }) => stdout)).size).toBe(20);
  });

  it.each([['--help'], ['-h'], ['help'], ['keygen', '--help']])('says what there is: %s %s', (...args) => {
    const { exitCode, stdout, stderr } = runCommand(args.filter((arg) => typeof arg === 'string'));
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^Usage: npx nestjs-mesh <command>\n[^]*\n {2}keygen /);
  });

  it.each([
    ['a command is missing', []],
    ['there is no command keygne', ['keygne']],
    ['there is no command --version', ['--version']],
    ['keygen takes nothing, and got 2 more', ['keygen', 'hunter2', '--size=64']],
  ])('refuses what it does not know: %s', (message, args) => {
    const { exitCode, stdout, stderr } = runCommand(args);
    expect([exitCode, stdout]).toEqual([2, '']);
    expect(stderr.split('\n').slice(0, 3)).toEqual([`nestjs-mesh: ${message}`, '', 'Usage: npx nestjs-mesh <command>']);
    expect(stderr).not.toContain('hunter2');
  });
});
