import { Command, Option } from 'commander';
import { ExportsError } from '../exports/index.ts';
import { ConfigError, type ServeFlags, serveConfig } from '../server/config.ts';
import { LOG_LEVELS, makeLog } from '../server/log.ts';
import { Server } from '../server/server.ts';
import { StateError } from '../state/index.ts';
import { collect, fail, whole } from './options.ts';

/** How long a stop may take before the process ends all the same. */
const STOP_DEADLINE_MILLISECONDS = 15_000;

export function serveCommand(): Command {
  return new Command('serve')
    .description('serve folders over NFS')
    .argument('[path...]', 'folders to export read-write to this host, and to the networks of --listen')
    .option('--exports <file>', 'exports(5) file to serve')
    .option('--listen <address>', 'address to listen on; may be repeated', collect)
    .option('--port <n>', 'TCP and UDP port of every program (default 2049)', whole(0, 65_535))
    .addOption(
      new Option('--portmap <mode>', 'port 111: serve it, use the rpcbind there, or neither').choices([
        'auto',
        'on',
        'off',
      ]),
    )
    .option('--state <folder>', 'durable state (default /var/lib/steadfs; for a plain user ~/.local/state/steadfs)')
    .option('--grace <seconds>', 'after lost locks: time for clients to reclaim theirs (default 90)', whole(0, 3600))
    .option('--forget-locks', 'lose all locks now; clients are told, and reclaim theirs')
    .option('--set-quota', 'let root on a client set quotas (rquotad); refused otherwise')
    .option('--allow <host>', 'host or network that may mount the folders; may be repeated', collect)
    .option('--options <list>', 'export options of the folders (default rw,sync,root_squash)')
    .option('--metrics <address:port>', 'serve Prometheus metrics there')
    .option('--config <file>', 'TOML file with these settings')
    .addOption(new Option('--log-level <level>', 'least level to log (default info)').choices(LOG_LEVELS))
    .option('--json', 'log, and print the ready line, as JSON')
    .action((paths: string[], flags: Omit<ServeFlags, 'paths'>) => serve({ ...flags, paths }));
}

async function serve(flags: ServeFlags): Promise<void> {
  // Without a listener the signal would end a server that is about to begin.
  let isStale = false;
  let reload = () => {
    isStale = true;
  };
  process.on('SIGHUP', () => reload());
  const server = await start(flags);
  const { log } = server;
  let stopping = false;
  reload = () => {
    if (!stopping) void server.running.reload();
  };
  if (isStale) reload();
  const stop = (signal: string) => {
    if (stopping) return;
    stopping = true;
    log.info({ signal }, `${signal}: stopping`);
    setTimeout(() => fail('the stop took too long'), STOP_DEADLINE_MILLISECONDS).unref();
    server.running.close().then(
      () => process.exit(0),
      (error) => fail(`while stopping: ${error}`),
    );
  };
  process.on('SIGTERM', () => stop('SIGTERM'));
  process.on('SIGINT', () => stop('SIGINT'));
}

async function start(flags: ServeFlags) {
  try {
    const config = serveConfig(flags);
    const log = makeLog(config.logLevel, config.json);
    const running = await Server.start(config, log);
    log.info({ exports: running.exportedPaths }, `serving ${running.exportedPaths.join(', ')}`);
    const ready = config.json
      ? JSON.stringify({ ready: true, mount: running.mountCommand, exports: running.exportedPaths })
      : running.mountCommand;
    process.stdout.write(`${ready}\n`);
    return { running, log };
  } catch (error) {
    if (error instanceof ConfigError || error instanceof ExportsError || error instanceof StateError)
      fail(error.message);
    throw error;
  }
}
