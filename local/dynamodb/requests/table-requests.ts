/** Requests about tables: their shape, tags, time to live and streams. */

import { managedTableName, nameRules, tableName, throughput } from './common-fields';
import { atLeast, atMost, maxLength, minLength, notNull, oneOf } from './constraints';
import {
  boolean,
  type Constraint,
  element,
  type Fields,
  integer,
  list,
  long,
  structure,
  text,
} from './shape';

const keySchema = (keyType: Constraint[]) =>
  list(
    element('KeySchemaElement', { AttributeName: text(notNull), KeyType: text(notNull, ...keyType) }),
    ...[notNull, minLength(1), maxLength(2)],
  );

const projection = structure(
  'Projection',
  {
    ProjectionType: text(oneOf('ALL', 'INCLUDE', 'KEYS_ONLY')),
    NonKeyAttributes: list(text(), minLength(1)),
  },
  notNull,
);

const definitions = (...rules: Constraint[]) =>
  list(
    element('AttributeDefinition', {
      AttributeName: text(notNull),
      AttributeType: text(notNull, oneOf('B', 'N', 'S')),
    }),
    ...rules,
  );

const index: Fields = {
  IndexName: text(notNull, ...nameRules),
  KeySchema: keySchema([]),
  Projection: projection,
};
const billingMode = text(oneOf('PROVISIONED', 'PAY_PER_REQUEST'));
const streamSpecification = structure('StreamSpecification', {
  StreamEnabled: boolean(notNull),
  StreamViewType: text(oneOf('NEW_IMAGE', 'OLD_IMAGE', 'NEW_AND_OLD_IMAGES', 'KEYS_ONLY')),
});
const onDemandThroughput = structure('OnDemandThroughput', {
  MaxReadRequestUnits: long(),
  MaxWriteRequestUnits: long(),
});
const tags = list(element('Tag', { Key: text(), Value: text() }));

const CreateTable: Fields = {
  AttributeDefinitions: definitions(notNull),
  TableName: tableName,
  BillingMode: billingMode,
  ProvisionedThroughput: throughput(),
  KeySchema: keySchema([oneOf('HASH', 'RANGE')]),
  LocalSecondaryIndexes: list(element('LocalSecondaryIndex', index)),
  GlobalSecondaryIndexes: list(
    element('GlobalSecondaryIndex', { ...index, ProvisionedThroughput: throughput() }),
  ),
  StreamSpecification: streamSpecification,
  OnDemandThroughput: onDemandThroughput,
  DeletionProtectionEnabled: boolean(),
  TableClass: text(oneOf('STANDARD', 'STANDARD_INFREQUENT_ACCESS')),
  Tags: tags,
};

const UpdateTable: Fields = {
  TableName: managedTableName,
  ProvisionedThroughput: throughput(),
  BillingMode: billingMode,
  GlobalSecondaryIndexUpdates: list(
    element('GlobalSecondaryIndexUpdate', {
      Update: structure('UpdateGlobalSecondaryIndexAction', {
        IndexName: text(notNull, ...nameRules),
        ProvisionedThroughput: throughput(notNull),
      }),
      Create: structure('CreateGlobalSecondaryIndexAction', {
        Projection: projection,
        IndexName: text(notNull, ...nameRules),
        ProvisionedThroughput: throughput(),
        KeySchema: keySchema([]),
      }),
      Delete: structure('DeleteGlobalSecondaryIndexAction', { IndexName: text(notNull, ...nameRules) }),
    }),
  ),
  AttributeDefinitions: definitions(),
  StreamSpecification: streamSpecification,
  OnDemandThroughput: onDemandThroughput,
  DeletionProtectionEnabled: boolean(),
  TableClass: text(oneOf('STANDARD', 'STANDARD_INFREQUENT_ACCESS')),
};

const named: Fields = { TableName: managedTableName };

const UpdateTimeToLive: Fields = {
  TableName: tableName,
  TimeToLiveSpecification: structure(
    'TimeToLiveSpecification',
    { Enabled: boolean(notNull), AttributeName: text(notNull, minLength(1), maxLength(255)) },
    notNull,
  ),
};

export const TABLE_REQUESTS = {
  ...{ CreateTable, UpdateTable, UpdateTimeToLive },
  ...{ DescribeTable: named, DeleteTable: named, DescribeTimeToLive: named },
  ListTables: { Limit: integer(atLeast(1), atMost(100)), ExclusiveStartTableName: text(...nameRules) },
  TagResource: { ResourceArn: text(), Tags: tags },
  UntagResource: { ResourceArn: text(), TagKeys: list(text()) },
  ListTagsOfResource: { ResourceArn: text(), NextToken: text() },
  DescribeLimits: {},
  DescribeEndpoints: {},
};
