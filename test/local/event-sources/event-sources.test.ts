import type { DynamoTable, LambdaFunction, StreamMapping } from '../../../local/assembly/model';
import { ManualClock } from '../../../local/clock';
import type { ItemChange } from '../../../local/dynamodb/change';
import { EventSources, type MappedApp } from '../../../local/event-sources/event-sources';
import { silentLog } from '../../../local/log';
import { Queues } from '../../../local/sqs/queues';
import { RecordedDeliveries } from '../recorded-deliveries';
import { type Call, ScriptedFunction } from './scripted-function';

const TABLE_ARN = 'arn:aws:dynamodb:us-east-1:000000000000:table/rows';
const settled = () => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

describe('EventSources of a stream', () => {
  const clock = new ManualClock();
  let lambda: ScriptedFunction;
  let sources: EventSources;

  const change = (n: number): ItemChange => ({
    ...{ tableName: 'rows', keys: { pk: { N: String(n) } }, newImage: { pk: { N: String(n) } } },
    ...{ at: clock.now(), isExpiry: false, sequenceNumber: String(n).padStart(21, '1'), partitionHash: 0 },
  });
  const mapping = (changes: Partial<StreamMapping> = {}): StreamMapping => ({
    ...{ source: 'stream', path: 'Main/Mapping', mappingId: 'm', sourceArn: `${TABLE_ARN}/stream/now` },
    ...{ tableName: 'rows', functionName: 'f', batchSize: 100, batchWindowSeconds: 0, filters: [] },
    ...{ reportsBatchItemFailures: false, startingPosition: 'TRIM_HORIZON', bisectsOnError: false },
    ...{ maximumRetryAttempts: -1, maximumRecordAgeSeconds: -1, parallelizationFactor: 1, ...changes },
  });
  const app = (...eventSources: StreamMapping[]): MappedApp => ({
    eventSources,
    tables: [{ tableName: 'rows', streamViewType: 'NEW_IMAGE' } as DynamoTable],
    functions: [{ functionName: 'f', functionArn: 'arn:f' } as LambdaFunction],
  });
  const numbers = ({ records }: Call) => records.map(({ dynamodb }) => Number(dynamodb.Keys.pk.N));

  beforeEach(() => {
    lambda = new ScriptedFunction();
    sources = new EventSources({
      queues: new Queues({ queues: [], accountId: '000000000000', clock }),
      ...{
        region: 'us-east-1',
        invoker: lambda,
        destinations: new RecordedDeliveries(),
        clock,
        log: silentLog,
      },
      recordedChanges: () => [change(1), change(2)],
    });
  });
  afterEach(() => sources.stop());

  it('sends a new mapping with TRIM_HORIZON the changes that the stream still contains', async () => {
    sources.replace(app(mapping()));
    sources.changed(change(3));
    expect(numbers(await lambda.call())).toEqual([1, 2, 3]);
  });

  it('sends a new mapping with LATEST only later changes', async () => {
    sources.replace(app(mapping({ startingPosition: 'LATEST' })));
    sources.changed(change(3));
    expect(numbers(await lambda.call())).toEqual([3]);
  });

  it('lets a mapping continue where it was when its settings change', async () => {
    sources.replace(app(mapping()));
    (await lambda.call()).succeed();
    await settled();
    sources.replace(app(mapping({ batchSize: 1 })));
    sources.changed(change(3));
    expect(numbers(await lambda.call())).toEqual([3]);
  });
});
