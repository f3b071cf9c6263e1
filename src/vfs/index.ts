export * from './attributes.ts';
export * from './error.ts';
export * from './filesystem.ts';
export * from './ports.ts';
