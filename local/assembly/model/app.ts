/** An app as the runtime runs it: plain data, read from its cloud assembly, with every reference resolved. */
import type { EventSourceMapping } from './event-source';
import type { EventBus, Schedule } from './events';
import type { LambdaFunction } from './function';
import type { HttpApi } from './http-api';
import type { Queue, Topic } from './messaging';
import type { ResourcePolicy, Role } from './permissions';
import type { Bucket, DynamoTable, Secret, StoredParameter } from './stores';
import type { WebSocketApi } from './websocket-api';

export interface App {
  region: string;
  accountId: string;
  apis: WebSocketApi[];
  /** HTTP APIs, REST APIs and function URLs. */
  httpApis: HttpApi[];
  functions: LambdaFunction[];
  tables: DynamoTable[];
  schedules: Schedule[];
  buckets: Bucket[];
  queues: Queue[];
  topics: Topic[];
  eventBuses: EventBus[];
  eventSources: EventSourceMapping[];
  storedParameters: StoredParameter[];
  secrets: Secret[];
  /** The roles of the functions. */
  roles: Role[];
  resourcePolicies: ResourcePolicy[];
  /** The values that the user supplied, by name, including parameters and secrets that the app reads at run time. */
  givenValues: Record<string, string>;
  /** Values that the user has not supplied. Placeholders stand in for them. */
  unknownValues: UnknownValue[];
  stacks: StackSummary[];
  outputs: StackOutput[];
  /** Resources that the runtime does not run and settings that it does not enforce. Logged once at the start. */
  notRun: OtherResource[];
}

/** A value of the app that only AWS knows. */
export interface UnknownValue {
  /** The name for `--parameter`: `Main/Database.Endpoint.Address`. */
  name: string;
  /** A host name that never resolves and that names the missing value. */
  placeholder: string;
  /** What uses it: `Main/Handler (DB_HOST)`. */
  users: string[];
}

/** A top-level stack. Its nested stacks are part of it. */
export interface StackSummary {
  name: string;
  stackId: string;
  description?: string;
}

export interface StackOutput {
  stack: string;
  name: string;
  value: string;
  description?: string;
}

export interface OtherResource {
  type: string;
  path: string;
  /** The reason, if the type does not explain it, and the remedy. */
  reason?: string;
  /** What fails without it: `every handshake of Main/Api gets 500`. */
  cost?: string;
}
