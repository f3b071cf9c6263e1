export { lookupPort } from './lookup.ts';
export { portmapPrograms } from './program.ts';
export { type RegistrationOptions, RpcbindRegistration } from './register.ts';
export { type Listener, Registry, type Service, servicesOf } from './registry.ts';
export { PMAP_PORT, RPCBPROG } from './types.ts';
