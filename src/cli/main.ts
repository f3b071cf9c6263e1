#!/usr/bin/env node
import { Command } from 'commander';
import { VERSION } from '../server/version.ts';
import { clusterCommand } from './cluster.ts';
import { conformanceCommand } from './conformance.ts';
import { exportsCommand } from './exports.ts';
import { locksCommand } from './locks.ts';
import { nodeCommand } from './node.ts';
import { serveCommand } from './serve.ts';
import { clientsCommand, statusCommand } from './status.ts';

const program = new Command('steadfs')
  .description('A userspace NFSv3 and NFSv2 server for Linux clients')
  .version(VERSION)
  .addCommand(serveCommand())
  .addCommand(exportsCommand())
  .addCommand(statusCommand())
  .addCommand(clientsCommand())
  .addCommand(locksCommand())
  .addCommand(nodeCommand())
  .addCommand(clusterCommand())
  .addCommand(conformanceCommand())
  .showHelpAfterError('(steadfs COMMAND --help says more)');

// Whoever reads the output may have seen enough, as `head` has.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

await program.parseAsync();
