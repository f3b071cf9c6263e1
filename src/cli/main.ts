#!/usr/bin/env node
import { createRequire } from 'node:module';
import { Command } from 'commander';
import { exportsCommand } from './exports.ts';
import { serveCommand } from './serve.ts';

const { version } = createRequire(import.meta.url)('#package') as { version: string };

const program = new Command('steadfs')
  .description('A userspace NFSv3 server for Linux clients')
  .version(version)
  .addCommand(serveCommand())
  .addCommand(exportsCommand())
  .showHelpAfterError('(steadfs COMMAND --help says more)');

await program.parseAsync();
