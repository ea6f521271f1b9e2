/** Members that several requests share. */
import { atLeast, maxLength, minLength, notNull, oneOf, pattern } from './constraints';
import {
  attributes,
  attributeValue,
  boolean,
  element,
  type Fields,
  list,
  long,
  map,
  memberAttributeValue,
  names,
  structure,
  text,
} from './shape';

const NAME = '[a-zA-Z0-9_.-]+';

export const nameRules = [pattern(NAME), minLength(3), maxLength(255)];
export const mapNameRules = [maxLength(255), minLength(3), pattern(NAME)];
export const tableName = text(notNull, ...nameRules);
export const indexName = text(...nameRules);
/** Calls about tables check its length first: see `checkTableName`. */
export const managedTableName = text(pattern(NAME));

export const returnConsumedCapacity = text(oneOf('INDEXES', 'TOTAL', 'NONE'));
export const returnItemCollectionMetrics = text(oneOf('SIZE', 'NONE'));
export const returnValues = text(oneOf('ALL_NEW', 'UPDATED_OLD', 'ALL_OLD', 'NONE', 'UPDATED_NEW'));
export const returnValuesOnConditionCheckFailure = text(oneOf('ALL_OLD', 'NONE'));
export const conditionalOperator = text(oneOf('OR', 'AND'));
export const attributesToGet = list(text(), minLength(1), maxLength(255));

const COMPARISONS = oneOf(
  ...['IN', 'NULL', 'BETWEEN', 'LT', 'NOT_CONTAINS', 'EQ', 'GT', 'NOT_NULL', 'NE', 'LE', 'BEGINS_WITH', 'GE'],
  'CONTAINS',
);

export const expected = map(
  'ExpectedAttributeValue',
  element('ExpectedAttributeValue', {
    AttributeValueList: list(attributeValue),
    ComparisonOperator: text(COMPARISONS),
    Exists: boolean(),
    Value: memberAttributeValue,
  }),
);

export const filterConditions = map(
  'Condition',
  element('Condition', {
    AttributeValueList: list(attributeValue),
    ComparisonOperator: text(notNull, COMPARISONS),
  }),
);

export const keyConditions = map(
  'Condition',
  element('Condition', {
    ComparisonOperator: text(notNull, COMPARISONS),
    AttributeValueList: list(attributeValue),
  }),
);

export const expressionNames: Fields = { ExpressionAttributeNames: names() };
export const expressionValues: Fields = { ExpressionAttributeValues: attributes(), ...expressionNames };

export const throughput = (...rules: (typeof notNull)[]) =>
  structure(
    'ProvisionedThroughput',
    { WriteCapacityUnits: long(notNull, atLeast(1)), ReadCapacityUnits: long(notNull, atLeast(1)) },
    ...rules,
  );
