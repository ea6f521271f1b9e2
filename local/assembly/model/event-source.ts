/** Event source mappings: which function reads a queue or a stream, and how. */
import type { JsonObject } from '../values/json';

export type EventSourceMapping = QueueMapping | StreamMapping;

interface MappingSettings {
  path: string;
  mappingId: string;
  sourceArn: string;
  functionName: string;
  batchSize: number;
  batchWindowSeconds: number;
  /** Event patterns, one of which must match. @default everything matches */
  filters: JsonObject[];
  reportsBatchItemFailures: boolean;
}

export interface QueueMapping extends MappingSettings {
  source: 'queue';
  maximumConcurrency?: number;
}

export interface StreamMapping extends MappingSettings {
  source: 'stream';
  tableName: string;
  startingPosition: 'TRIM_HORIZON' | 'LATEST';
  bisectsOnError: boolean;
  /** -1 means no limit. */
  maximumRetryAttempts: number;
  /** -1 means no limit. */
  maximumRecordAgeSeconds: number;
  parallelizationFactor: number;
  onFailureArn?: string;
}
