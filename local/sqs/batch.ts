/** The batch operations of SQS: up to ten entries, each of which succeeds or fails independently. */
import { isObject, type JsonObject, textAt } from '../assembly/values/json';
import { messageBytes } from './message';
import { attributesIn } from './request-parameters';
import { SqsError } from './sqs-error';

const MAX_BATCH_ENTRIES = 10;
const MAX_BATCH_BYTES = 1024 * 1024;

/** @throws {SqsError} only if the batch itself is not valid */
export function batch(
  input: JsonObject,
  entryName: string,
  run: (entry: JsonObject) => JsonObject,
  check: (entries: JsonObject[]) => void = () => undefined,
): JsonObject {
  const entries = (Array.isArray(input.Entries) ? input.Entries : []).filter(isObject);
  checkBatch(entries, entryName);
  check(entries);
  const Successful: JsonObject[] = [];
  const Failed: JsonObject[] = [];
  for (const entry of entries) {
    const Id = textAt(entry, 'Id') ?? '';
    try {
      Successful.push({ Id, ...run(entry) });
    } catch (error) {
      if (!(error instanceof SqsError)) throw error;
      Failed.push({ Id, SenderFault: true, Code: error.code, Message: error.message });
    }
  }
  return { ...(Successful.length > 0 ? { Successful } : {}), ...(Failed.length > 0 ? { Failed } : {}) };
}

function checkBatch(entries: JsonObject[], entryName: string): void {
  const refuse = (code: string, message: string) => new SqsError(`AWS.SimpleQueueService.${code}`, message);
  if (entries.length === 0) {
    throw refuse('EmptyBatchRequest', `There should be at least one ${entryName} in the request.`);
  }
  if (entries.length > MAX_BATCH_ENTRIES) {
    throw refuse(
      'TooManyEntriesInBatchRequest',
      `Maximum number of entries per request are ${MAX_BATCH_ENTRIES}. You have sent ${entries.length}.`,
    );
  }
  const ids = new Set<string>();
  for (const entry of entries) {
    const id = textAt(entry, 'Id') ?? '';
    if (!/^[\w-]{1,80}$/.test(id)) {
      throw refuse(
        'InvalidBatchEntryId',
        'A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.',
      );
    }
    if (ids.has(id)) throw refuse('BatchEntryIdsNotDistinct', `Id ${id} repeated.`);
    ids.add(id);
  }
}

export function checkBatchBytes(entries: JsonObject[]): void {
  const bytes = entries.reduce(
    (sum, entry) =>
      sum + messageBytes(textAt(entry, 'MessageBody') ?? '', attributesIn(entry, 'MessageAttributes')),
    0,
  );
  if (bytes <= MAX_BATCH_BYTES) return;
  throw new SqsError(
    'AWS.SimpleQueueService.BatchRequestTooLong',
    `Batch requests cannot be longer than ${MAX_BATCH_BYTES} bytes. You have sent ${bytes} bytes.`,
  );
}
