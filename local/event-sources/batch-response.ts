/** Reads a function's report about a batch: the records that must be delivered again. */
import { isObject, type Json, textAt } from '../assembly/values/json';

/**
 * The identifiers of the failed records; `'all'` if the report is invalid.
 * @see
 * https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html#services-sqs-batchfailurereporting
 */
export function failedItems(payload: string, identifiers: string[]): string[] | 'all' {
  const response = parse(payload);
  if (response === null) return [];
  if (!isObject(response)) return response === '' ? [] : 'all';
  const failures = response.batchItemFailures;
  if (failures === undefined || failures === null) return [];
  if (!Array.isArray(failures)) return 'all';
  const failed = failures.map((failure) => textAt(failure, 'itemIdentifier') ?? '');
  return failed.every((identifier) => identifiers.includes(identifier)) ? failed : 'all';
}

function parse(payload: string): Json {
  try {
    return JSON.parse(payload);
  } catch {
    return null;
  }
}
