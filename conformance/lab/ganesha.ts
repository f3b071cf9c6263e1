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
  const squash = options.includes('no_root_squash') ? 'No_Root_Squash' : 'Root_Squash';
  const access = options.includes('ro') ? 'RO' : 'RW';
  return `EXPORT {
  Export_Id = ${index + 1}; Path = ${path}; Pseudo = /export${index + 1};
  FSAL { Name = VFS; } Squash = ${squash}; Access_Type = ${access}; SecType = sys;
}
`;
}
