/** mount.nfs no longer knows of version 2, so the kernel is asked directly; it wants the address in the options. */
export function version2Mount(address: string, path: string, options = ''): string {
  const all = `vers=2,proto=tcp,mountproto=tcp,nolock,addr=${address}${options && `,${options}`}`;
  return `mount -i -t nfs -o ${all} ${address}:${path}`;
}
