import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Lab, SERVER_IPV4 } from './lab.ts';
import type { ServerProcess } from './server-process.ts';
import type { Export } from './target.ts';

/** Starts nfs-ganesha on port 2049, with rpcbind and statd beside it, which it does not run without. */
export async function startGanesha(lab: Lab, exports: readonly Export[]): Promise<ServerProcess> {
  const folder = join(lab.folder, 'ganesha');
  mkdirSync(folder, { recursive: true });
  const config = join(folder, 'ganesha.conf');
  writeFileSync(config, [PARAMETERS, ...exports.map(exportBlock)].join('\n'));
  await lab.exec('sh', ['-c', BESIDE]);
  return lab.spawnServer({
    command: 'ganesha.nfsd',
    args: ['-F', '-L', join(folder, 'ganesha.log'), '-N', 'EVENT', '-f', config, '-p', join(folder, 'ganesha.pid')],
    ready: async () => (await lab.run('rpcinfo', ['-t', SERVER_IPV4, 'mountd', '3'])).code === 0,
  });
}

const PARAMETERS = `
NFS_CORE_PARAM {
  Protocols = 3; NFS_Port = 2049; MNT_Port = 20048; NLM_Port = 32803; Rquota_Port = 875;
  mount_path_pseudo = false;
}
# Version 3 clients wait out its grace period too, with every change of size: 90 s.
NFSV4 { Graceless = true; }
`;

const BESIDE = `
set -e
pgrep --ns $$ --nslist pid rpcbind >/dev/null && exit
mount -t tmpfs tmpfs /var/lib/nfs
mkdir -p /var/lib/nfs/sm /var/lib/nfs/sm.bak /var/lib/nfs/ganesha /run/ganesha /run/rpcbind /run/sendsigs.omit.d
chown -R statd:nogroup /var/lib/nfs
rpcbind -w
rpc.statd --no-notify
`;

function exportBlock({ path, options }: Export, index: number): string {
  const value = (name: string) =>
    options.find((option) => option.startsWith(`${name}=`))?.slice(name.length + 1) ?? '65534';
  return `EXPORT {
  Export_Id = ${index + 1}; Path = ${path}; Pseudo = /export${index + 1};
  FSAL { Name = VFS; } SecType = sys; Access_Type = ${options.includes('ro') ? 'RO' : 'RW'};
  Squash = ${squash(options)}; Anonymous_Uid = ${value('anonuid')}; Anonymous_Gid = ${value('anongid')};
}
`;
}

function squash(options: readonly string[]): string {
  if (options.includes('all_squash')) return 'All_Squash';
  return options.includes('no_root_squash') ? 'No_Root_Squash' : 'Root_Squash';
}
