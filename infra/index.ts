/**
 * The constructs with which a CDK app deploys services, and the bundling of functions. @module
 * shared-connection/infra
 */
export { bundleFunctions } from './bundle';
export { ConnectionTable, type ConnectionTableProps } from './connection-table';
export type { ReadableSecret } from './generated-secret';
export { IncomingFiles, type IncomingFilesProps } from './incoming-files';
export type { JwtOptions } from './jwt-options';
export {
  type BackendApiOptions,
  RealtimeService,
  type RealtimeServiceProps,
  type TokenKeysOptions,
} from './realtime-service';
export { ServiceFunctions, type ServiceFunctionsProps } from './service-functions';
export type { ServiceMetric } from './service-metrics';
export { WebSocketService, type WebSocketServiceProps } from './websocket-service';
