/** SharedConnection: WebSockets on API Gateway, Lambda and DynamoDB that any process can open by their id. @module shared-connection */
export { type Backend, backendFromEnvironment } from './backend';
export { Channel, type ChannelMember, type ChannelPublishOptions, type Published } from './channels/channel';
export type { ChannelRule, ChannelRules, LogRule } from './channels/channel-rules';
export { gathered, type Joined } from './channels/log/channel-frames';
export type { SubscribeOptions } from './channels/log/channel-log';
export type { History, HistoryOptions } from './channels/log/history';
export type { Line, Position } from './channels/log/log-items';
export type { Clock } from './clock';
export type { Connection, Member } from './connections/connection-items';
export type { Identity } from './connections/identity';
export { SharedConnection } from './connections/shared-connection';
export { type DeliveryOptions, MAX_MESSAGE_BYTES } from './delivery/delivery';
export type { DeliveryReport } from './delivery/delivery-report';
export type { Rate } from './delivery/pace';
export type { SweepReport } from './departures/sweep';
export * from './errors';
export type { FanOutOptions, PublishOptions } from './fan-out/fan-out';
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
export type { ConnectionLimits, UserLimits } from './limits/connection-limits';
export type { ConnectionStatus } from './management-api/connections-client';
export {
  ClientError,
  type ClientErrorOptions,
  InvalidMessageError,
  type MessageIssue,
} from './messages/client-error';
export type { MessageOf } from './messages/client-message';
export type { PresenceNews, PresentUser } from './presence/presence-form';
export type { HandshakeRequest } from './server/handshake-request';
export { HandoverInterrupt } from './server/interrupt';
export type { NamedValues } from './server/named-values';
export type { ServerContext } from './server/server-context';
export type {
  Resumption,
  ServerHooks,
  SubscribeDecision,
  SubscribeGrant,
} from './server/server-hooks';
export { WebSocketServer } from './server/web-socket-server';
export { Service } from './service';
export type { ServiceContext, ServiceOptions } from './service-context';
export type { Session } from './sessions/session';
