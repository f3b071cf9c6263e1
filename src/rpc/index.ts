export * from './address.ts';
export * from './client.ts';
export * from './credential.ts';
export { type CallObserver, Dispatcher } from './dispatcher.ts';
export * from './program.ts';
export * from './refusal.ts';
export { ReplyCache } from './reply-cache.ts';
export { DEFAULT_TCP_LIMITS, type ListenAddress, MAX_TCP_DATA, type TcpLimits, TcpTransport } from './tcp.ts';
export { MAX_UDP_DATA, UdpTransport } from './udp.ts';
