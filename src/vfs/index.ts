export * from './acl.ts';
export * from './attributes.ts';
export * from './error.ts';
export * from './filesystem.ts';
export * from './ports.ts';
export * from './quota.ts';
