/** SharedConnection: WebSockets that any process may open by their id, on API Gateway, Lambda and DynamoDB. */
export { type Backend, backendFromEnvironment } from './backend';
export type { Clock } from './clock';
export type { Connection, Member } from './connection-items';
export type { ConnectionStatus } from './connections/connections-client';
export { type DeliveryOptions, type DeliveryReport, MAX_MESSAGE_BYTES } from './delivery';
export * from './errors';
export { createHandlers, type Handlers } from './handlers/create-handlers';
export type {
  ConnectEvent,
  DisconnectEvent,
  GatewayEvent,
  LambdaContext,
  MessageEvent,
  RouteResult,
} from './handlers/events';
export type { HandlerOptions } from './handlers/service-function';
export type { ReadOptions } from './inbox/message-reader';
export type { WaitOptions } from './inbox/whole-messages';
export { HandoverInterrupt } from './interrupt';
export type { ConnectionLimits } from './limits/connection-limits';
export { type PublishOptions, Service, type ServiceOptions } from './service';
export type { Session } from './session';
export { SharedConnection } from './shared-connection';
export type { SweepReport } from './sweep';
export { type Resumption, type ServerContext, WebSocketServer } from './web-socket-server';
