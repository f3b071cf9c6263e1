import { Command } from 'commander';
import type { ConformanceOptions } from '../conformance/run.ts';
import { VERSION } from '../server/version.ts';
import { collect, fail, whole } from './options.ts';

const MOST_JOBS = 64;
const port = whole(1, 65_535);

interface Flags extends Pick<ConformanceOptions, 'json' | 'junit' | 'html' | 'restart' | 'host6'> {
  readonly port?: number;
  readonly mountPort?: number;
  readonly nlmPort?: number;
  readonly nsmPort?: number;
  readonly rquotaPort?: number;
  readonly aclPort?: number;
  readonly portmapPort?: number;
  readonly only?: readonly string[];
  readonly list?: true;
  readonly verbose?: true;
  readonly client?: true;
  readonly secondExport?: string;
  readonly jobs: number;
}

export function conformanceCommand(): Command {
  return new Command('conformance')
    .description('judge an NFSv3/v2 server by the RFCs')
    .argument('[host:/export]', 'server and export; the suite works in a folder of its own there, and removes it')
    .option(
      '--port <n>',
      'port of NFS, and of all programs that are not named; otherwise the portmapper is asked',
      port,
    )
    .option('--mount-port <n>', 'port of MOUNT', port)
    .option('--nlm-port <n>', 'port of the lock manager', port)
    .option('--nsm-port <n>', 'port of the status monitor', port)
    .option('--rquota-port <n>', 'port of rquotad', port)
    .option('--acl-port <n>', 'port of NFSACL', port)
    .option('--portmap-port <n>', 'port of the portmapper (default 111)', port)
    .option('--host6 <address>', "the server's IPv6 address")
    .option('--only <pattern>', 'run these cases: nfsv3/lookup, *stale*; may be repeated', collect)
    .option('--list', 'list the cases, and run none')
    .option('-v, --verbose', 'a line for each case')
    .option('--client', "mount the export and try it with this host's own kernel, too (Linux, root)")
    .option('--json [file]', 'write a JSON report, to standard output if no file is named')
    .option('--junit <file>', "write a report in JUnit's XML")
    .option('--html <file>', 'write a report as one web page')
    .option('--restart <command>', 'shell command that restarts the server, for cases about restarts')
    .option('--second-export <path>', 'another export of the server, for cases across exports')
    .option('--jobs <n>', 'cases that run at a time', whole(1, MOST_JOBS), 4)
    .action(conformance);
}

async function conformance(where: string | undefined, flags: Flags): Promise<void> {
  const { only = [], verbose = false, client = false, list, secondExport, ...rest } = flags;
  // Here, lest every other command load the suite too.
  const { CannotRun, listCases, runConformance } = await import('../conformance/run.ts');
  if (list) {
    process.stdout.write(listCases(only, client));
    return;
  }
  if (where === undefined) fail('conformance: name a server and an export, as in 127.0.0.1:/export');
  const ports = {
    ...{ nfs: flags.port, mount: flags.mountPort, nlm: flags.nlmPort, nsm: flags.nsmPort },
    ...{ rquota: flags.rquotaPort, acl: flags.aclPort, portmap: flags.portmapPort },
  };
  try {
    const options = {
      ...rest,
      ...hostAndPath(where),
      only,
      verbose,
      client,
      ports,
      secondPath: secondExport,
      version: VERSION,
    };
    process.exitCode = (await runConformance(options)) ? 0 : 1;
  } catch (error) {
    if (error instanceof CannotRun) fail(`conformance: ${error.message}`);
    throw error;
  }
}

/** `host:/path`, and `[::1]:/path`. */
function hostAndPath(text: string): { host: string; path: string } {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\/.*)$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const path = match?.[3];
  if (host === undefined || path === undefined) fail(`conformance: ${text}: HOST:/EXPORT is meant`);
  return { host, path };
}
