/** A path without repeated and trailing slashes; `/` stays. */
export function plainPath(path: string): string {
  const plain = path.replace(/\/+/g, '/');
  return plain.length > 1 && plain.endsWith('/') ? plain.slice(0, -1) : plain;
}

/** Whether a path is `folder` or lies below it. Both are plain. */
export function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder === '/' ? '/' : `${folder}/`);
}

/** The part of `path` below `folder`, as names. */
export function namesBelow(path: string, folder: string): string[] {
  return path
    .slice(folder.length)
    .split('/')
    .filter((name) => name !== '');
}
