/** Where an app stores data: tables, buckets, parameters and secrets. */

export interface DynamoTable {
  path: string;
  tableName: string;
  tableArn: string;
  /** Input of DynamoDB's CreateTable: name, key schema, attribute definitions, indexes, billing. */
  createTable: Record<string, unknown> & { TableName: string };
  /** The attribute that contains an item's expiry (seconds since the epoch), if the table has one. */
  ttlAttribute?: string;
  /** Absent if the table has no stream. */
  streamViewType?: StreamViewType;
}

export type StreamViewType = 'KEYS_ONLY' | 'NEW_IMAGE' | 'OLD_IMAGE' | 'NEW_AND_OLD_IMAGES';

/** An S3 bucket. Locally, a folder can stand in for it. */
export interface Bucket {
  path: string;
  bucketName: string;
  bucketArn: string;
  notifications: BucketNotification[];
  /** @default no page may use the bucket */
  corsRules?: BucketCorsRule[];
}

/** Which pages may send requests. Origins and headers may have one `*`. */
export interface BucketCorsRule {
  allowedOrigins: string[];
  allowedMethods: string[];
  allowedHeaders: string[];
  exposedHeaders: string[];
  maxAgeSeconds?: number;
}

/** Which changes in a bucket its target is notified of. */
export interface BucketNotification {
  id: string;
  /** The ARN of a function, a queue or a topic. */
  targetArn: string;
  /** `s3:ObjectCreated:*` and the like. */
  events: string[];
  /** Of object keys; empty for all. */
  prefix: string;
  suffix: string;
}

/** A parameter in Systems Manager's Parameter Store. */
export interface StoredParameter {
  path: string;
  name: string;
  arn: string;
  type: 'String' | 'StringList';
  value: string;
}

/** A secret in Secrets Manager. */
export interface Secret {
  path: string;
  name: string;
  arn: string;
  /** Absent if nothing sets it. */
  value?: string;
  description?: string;
}
