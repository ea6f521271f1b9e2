/** Whether a table has the shape that a template describes. */
import type { CreateTableCommandInput } from '@aws-sdk/client-dynamodb';

/** Keys and indexes as text. */
export function shapeOf(table: object): string {
  const { KeySchema, AttributeDefinitions, GlobalSecondaryIndexes, LocalSecondaryIndexes } =
    table as Partial<CreateTableCommandInput>;
  const keyOf = (schema: CreateTableCommandInput['KeySchema'] = []) =>
    schema.map(({ AttributeName, KeyType }) => {
      const definition = AttributeDefinitions?.find((other) => other.AttributeName === AttributeName);
      return `${KeyType} ${AttributeName} ${definition?.AttributeType}`;
    });
  const indexes = [...(GlobalSecondaryIndexes ?? []), ...(LocalSecondaryIndexes ?? [])].map((index) =>
    JSON.stringify([index.IndexName, keyOf(index.KeySchema).sort(), index.Projection?.ProjectionType]),
  );
  return JSON.stringify([keyOf(KeySchema).sort(), indexes.sort()]);
}
