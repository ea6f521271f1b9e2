/**
 * The developer console of a runtime: observes the gateway, functions, log and faults, and answers below `/@local/`.
 */
import type { App } from '../assembly/model';
import type { Clock } from '../clock';
import { FaultEndpoint } from '../faults/fault-endpoint';
import type { Faults } from '../faults/faults';
import type { NameForPeople } from '../function-names';
import type { Connection } from '../gateway/connection';
import type { GatewayObserver } from '../gateway/observer';
import type { FunctionLog } from '../lambda/function-log';
import type { Log } from '../log';
import { Activity } from './activity';
import { type Addresses, appOutline } from './app-outline';
import { ConnectionActions } from './connection-actions';
import { connectionList } from './connection-list';
import { ConsoleEndpoint, type LocalHandler } from './console-endpoint';
import { EventStreams, type Gauges } from './event-streams';
import { functionActivity } from './function-activity';
import { gatewayActivity } from './gateway-activity';
import { logActivity } from './log-activity';

export interface Console extends LocalHandler {
  readonly observer: GatewayObserver;
  log(inner: Log): Log;
  functionLog(inner: FunctionLog, nameOf: NameForPeople): FunctionLog;
  /** Stops observing faults, which outlive a runtime. */
  close(): void;
}

export interface ConsoleOptions {
  clock: Clock;
  faults?: Faults | undefined;
  /** @default none */
  services?: LocalHandler | undefined;
  /** Called once there are requests. */
  runtime(): {
    app: App;
    addresses: Addresses;
    connections: Connection[];
    environments: number;
  };
}

export function createConsole({ clock, faults, services, runtime }: ConsoleOptions): Console {
  const activity = new Activity(clock);
  const observer = gatewayActivity(activity, clock);
  const forgetFaults = faults?.whenStruck((name, subject) =>
    activity.add({ kind: 'fault', name, ...(subject !== undefined && { subject }) }, 'faults'),
  );
  const gauges = (): Gauges => ({
    connections: activity.connections.size,
    running: activity.running,
    environments: runtime().environments,
  });
  const endpoint = new ConsoleEndpoint({
    streams: new EventStreams(activity, clock, gauges),
    state: (wanted) => {
      const { app, addresses, connections } = runtime();
      const { run, startedAt, last } = activity;
      return {
        ...{ run, startedAt, last, now: clock.now(), gauges: gauges(), hasServices: services !== undefined },
        ...appOutline(app, addresses, activity),
        deliveries: activity.posts.list(),
        connections: connectionList(connections, activity, wanted),
      };
    },
    actions: new ConnectionActions({
      find: (id) => runtime().connections.find(({ connectionId, isOpen }) => isOpen && connectionId === id),
      observer,
    }),
    services,
    faults: faults && new FaultEndpoint(faults),
  });
  return {
    observer,
    log: (inner) => logActivity(activity, inner),
    functionLog: (inner, nameOf) => functionActivity(activity, nameOf, inner),
    close: () => forgetFaults?.(),
    handle: (request, response) => endpoint.handle(request, response),
  };
}
