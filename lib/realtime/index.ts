/** A service that Centrifuge's clients connect to: its server class, and the codes of the protocol. @module shared-connection/realtime */
export type { ClientInfo, ConnectRequest, SubscribeRequest } from './protocol';
export { Disconnection, disconnections, errors, RealtimeError } from './realtime-errors';
export { type Connected, RealtimeServer } from './realtime-server';
export type { TokenKeys } from './tokens';
