export * from './credential.ts';
export * from './program.ts';
export * from './refusal.ts';
