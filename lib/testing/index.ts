/** What you need to test a server class in plain jest: a service in memory, its parts, and events. @module shared-connection/testing */
export { connectEvent, disconnectEvent, lambdaContext, messageEvent, newWebSocketId } from './events';
export { FakeGateway } from './fake-gateway';
export { FakeInvoker } from './fake-invoker';
export type { Call, Intercept } from './intercept';
export { ManualClock, SkippingClock } from './manual-clock';
export { MemoryTable } from './memory-table';
export { TestClient, type TestClientOptions, TestService, type TestServiceOptions } from './test-service';
