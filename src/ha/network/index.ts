/** What the node daemon needs of the network: listening sockets, addresses, announcements, and clients that are woken. */
export { Addresses, type AddressesOptions, type Reconciled, type ServiceAddress } from './addresses.ts';
export { ANNOUNCE_AT, type AnnounceOptions, announce } from './announce.ts';
export { isLinkUp } from './interface.ts';
export { type IpCommand, IpFailed, ip, type PresentAddress } from './ip.ts';
export { SocketError } from './libc.ts';
export { type LinkState, Links, type LinksOptions } from './links.ts';
export { NodeNetwork, type NodeNetworkOptions } from './node-network.ts';
export { openFramePort } from './packet-socket.ts';
export type { Ongoing } from './pause.ts';
export { openSegmentPort } from './segment-socket.ts';
export { openServiceSockets, ServiceSockets } from './sockets.ts';
export { type TickleOptions, tickle } from './tickle.ts';
