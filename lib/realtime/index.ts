/** A service that Centrifuge's clients connect to: its server class, its API for backends, and the codes of the protocol. @module shared-connection/realtime */
export type { OnApiRpc } from './http-api/api-methods';
export type { HttpApiAnswer, HttpApiEvent } from './http-api/http-request';
export { createRealtimeApi, type RealtimeApi, type RealtimeApiOptions } from './http-api/realtime-api';
export type { ClientInfo, ConnectRequest, SubscribeRequest } from './protocol';
export { Disconnection, disconnections, errors, RealtimeError } from './realtime-errors';
export type { Connected, RealtimeHooks } from './realtime-hooks';
export { RealtimeServer } from './realtime-server';
export type { TokenKeys } from './tokens';
