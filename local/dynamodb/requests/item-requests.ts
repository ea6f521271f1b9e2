/** Requests for items. */

import {
  attributesToGet,
  conditionalOperator,
  expected,
  expressionNames,
  expressionValues,
  filterConditions,
  indexName,
  keyConditions,
  mapNameRules,
  returnConsumedCapacity,
  returnItemCollectionMetrics,
  returnValues,
  returnValuesOnConditionCheckFailure,
  tableName,
} from './common-fields';
import { atLeast, everyKey, everyValue, maxLength, minLength, notNull, oneOf } from './constraints';
import {
  attributes,
  attributeValue,
  boolean,
  element,
  type Fields,
  innerList,
  innerMap,
  integer,
  list,
  map,
  memberAttributeValue,
  structure,
  text,
} from './shape';

const condition: Fields = { ConditionExpression: text(), ...expressionValues };

const GetItem: Fields = {
  ReturnConsumedCapacity: returnConsumedCapacity,
  AttributesToGet: attributesToGet,
  TableName: tableName,
  Key: attributes(notNull),
  ConsistentRead: boolean(),
  ProjectionExpression: text(),
  ...expressionNames,
};

const PutItem: Fields = {
  ReturnConsumedCapacity: returnConsumedCapacity,
  TableName: tableName,
  Item: attributes(notNull),
  ConditionalOperator: conditionalOperator,
  Expected: expected,
  ReturnValues: returnValues,
  ReturnItemCollectionMetrics: returnItemCollectionMetrics,
  ReturnValuesOnConditionCheckFailure: returnValuesOnConditionCheckFailure,
  ...condition,
};

const DeleteItem: Fields = {
  ReturnConsumedCapacity: returnConsumedCapacity,
  TableName: tableName,
  ReturnValues: returnValues,
  ReturnItemCollectionMetrics: returnItemCollectionMetrics,
  Key: attributes(notNull),
  ConditionalOperator: conditionalOperator,
  Expected: expected,
  ReturnValuesOnConditionCheckFailure: returnValuesOnConditionCheckFailure,
  ...condition,
};

const UpdateItem: Fields = {
  ReturnConsumedCapacity: returnConsumedCapacity,
  TableName: tableName,
  ReturnItemCollectionMetrics: returnItemCollectionMetrics,
  ReturnValues: returnValues,
  Key: attributes(notNull),
  ConditionalOperator: conditionalOperator,
  Expected: expected,
  AttributeUpdates: map(
    'AttributeValueUpdate',
    element('AttributeValueUpdate', { Action: text(), Value: memberAttributeValue }),
  ),
  ReturnValuesOnConditionCheckFailure: returnValuesOnConditionCheckFailure,
  UpdateExpression: text(),
  ...condition,
};

const select = text(oneOf('SPECIFIC_ATTRIBUTES', 'COUNT', 'ALL_ATTRIBUTES', 'ALL_PROJECTED_ATTRIBUTES'));

const reading: Fields = {
  FilterExpression: text(),
  ProjectionExpression: text(),
  ...expressionValues,
};

const Query: Fields = {
  Select: select,
  IndexName: indexName,
  ReturnConsumedCapacity: returnConsumedCapacity,
  QueryFilter: filterConditions,
  TableName: tableName,
  ConditionalOperator: conditionalOperator,
  AttributesToGet: attributesToGet,
  Limit: integer(atLeast(1)),
  KeyConditions: keyConditions,
  ExclusiveStartKey: attributes(),
  ConsistentRead: boolean(),
  ScanIndexForward: boolean(),
  KeyConditionExpression: text(),
  ...reading,
};

const Scan: Fields = {
  Select: select,
  IndexName: indexName,
  TotalSegments: integer(atLeast(1)),
  ReturnConsumedCapacity: returnConsumedCapacity,
  TableName: tableName,
  ConditionalOperator: conditionalOperator,
  ScanFilter: filterConditions,
  Segment: integer(atLeast(0)),
  Limit: integer(atLeast(1)),
  AttributesToGet: attributesToGet,
  ExclusiveStartKey: attributes(),
  ConsistentRead: boolean(),
  ...reading,
};

const BatchGetItem: Fields = {
  ReturnConsumedCapacity: returnConsumedCapacity,
  RequestItems: map(
    'KeysAndAttributes',
    element('KeysAndAttributes', {
      Keys: list(innerMap(attributeValue), notNull, minLength(1), maxLength(100)),
      AttributesToGet: attributesToGet,
      ConsistentRead: boolean(),
      ProjectionExpression: text(),
      ...expressionNames,
    }),
    ...[notNull, everyKey(...mapNameRules)],
  ),
};

const BatchWriteItem: Fields = {
  ReturnConsumedCapacity: returnConsumedCapacity,
  ReturnItemCollectionMetrics: returnItemCollectionMetrics,
  RequestItems: map(
    'java.util.List<com.amazonaws.dynamodb.v20120810.WriteRequest>',
    innerList(
      element('WriteRequest', {
        DeleteRequest: structure('DeleteRequest', { Key: attributes(notNull) }),
        PutRequest: structure('PutRequest', { Item: attributes(notNull) }),
      }),
    ),
    ...[notNull, everyKey(...mapNameRules), everyValue(maxLength(25), minLength(1))],
  ),
};

const checked: Fields = {
  TableName: tableName,
  ReturnValuesOnConditionCheckFailure: returnValuesOnConditionCheckFailure,
  ...condition,
};

const TransactWriteItems: Fields = {
  ReturnConsumedCapacity: returnConsumedCapacity,
  ReturnItemCollectionMetrics: returnItemCollectionMetrics,
  ClientRequestToken: text(minLength(1), maxLength(36)),
  TransactItems: list(
    element('TransactWriteItem', {
      ConditionCheck: structure('ConditionCheck', {
        Key: attributes(notNull),
        ...checked,
        ConditionExpression: text(notNull),
      }),
      Put: structure('Put', { Item: attributes(notNull), ...checked }),
      Delete: structure('Delete', { Key: attributes(notNull), ...checked }),
      Update: structure('Update', {
        Key: attributes(notNull),
        UpdateExpression: text(notNull),
        ...checked,
      }),
    }),
    ...[notNull, minLength(1), maxLength(100)],
  ),
};

const TransactGetItems: Fields = {
  ReturnConsumedCapacity: returnConsumedCapacity,
  TransactItems: list(
    element('TransactGetItem', {
      Get: structure(
        'Get',
        {
          Key: attributes(notNull),
          TableName: tableName,
          ProjectionExpression: text(),
          ...expressionNames,
        },
        notNull,
      ),
    }),
    ...[notNull, minLength(1), maxLength(100)],
  ),
};

export const ITEM_REQUESTS = {
  ...{ GetItem, PutItem, DeleteItem, UpdateItem, Query, Scan, BatchGetItem, BatchWriteItem },
  ...{ TransactWriteItems, TransactGetItems },
};
