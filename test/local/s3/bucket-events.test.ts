import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BucketNotification } from '../../../local/assembly/model';
import { type Clock, ManualClock, systemClock } from '../../../local/clock';
import { silentLog } from '../../../local/log';
import { BucketEvents, SETTLE_MILLIS } from '../../../local/s3/bucket-events';
import { BucketFolder } from '../../../local/s3/bucket-folder';
import { newRequestIds } from '../../../local/s3/s3-response';

const sha256 = (content: string) => createHash('sha256').update(content).digest('hex');

const NOTIFICATION: BucketNotification = {
  ...{ id: 'everything', functionName: 'ingest', events: ['s3:ObjectCreated:*'], prefix: '', suffix: '' },
};

describe('BucketEvents', () => {
  let home: string;
  let bucket: BucketFolder;
  let events: BucketEvents;
  let clock: ManualClock;
  let invoked: { functionName: string; record: ReturnType<typeof JSON.parse> }[];
  let onInvoked: () => void;

  beforeEach(async () => {
    home = mkdtempSync(join(tmpdir(), 'bucket-events-'));
    bucket = await BucketFolder.open('samples', join(home, 'incoming'));
    clock = new ManualClock();
    invoked = [];
    onInvoked = () => {};
    events = create(clock);
  });
  afterEach(async () => {
    await events.stop();
    rmSync(home, { recursive: true });
  });

  function create(on: Clock, notifications = [NOTIFICATION]): BucketEvents {
    return new BucketEvents({
      ...{ bucket, bucketArn: 'arn:aws:s3:::samples', notifications, clock: on, log: silentLog },
      ...{ region: 'eu-west-1', accountId: '000000000000' },
      invoker: {
        invoke: () => Promise.reject(new Error('S3 invokes asynchronously.')),
        invokeAsync: (functionName, payload) => {
          const { Records: records } = JSON.parse(payload);
          expect(records).toHaveLength(1);
          invoked.push({ functionName, record: records[0] });
          onInvoked();
        },
      },
    });
  }

  const path = (key: string) => join(bucket.directory, key);
  const write = (key: string, content = key) => writeFileSync(path(key), content);
  /** A PUT through the S3 API. */
  const put = async (key: string, content: string, how: 'Put' | 'CompleteMultipartUpload' = 'Put') => {
    const temporary = bucket.temporaryPath();
    writeFileSync(temporary, content);
    const object = await bucket.store(key, temporary, { eTag: 'md5', versionId: sha256(content) }, {});
    events.objectCreated({ bucket, object, how, ids: newRequestIds(), sourceIpAddress: '::1' });
  };
  const keys = () => invoked.map(({ record }) => record.s3.object.key);
  /** Ends with everything told that is to be told. */
  const toldAfter = async (milliseconds = SETTLE_MILLIS) => {
    clock.advance(milliseconds);
    await events.stop();
    return keys();
  };
  const until = async (count: number) => {
    await new Promise<void>((resolve) => {
      onInvoked = () => {
        if (invoked.length >= count) resolve();
      };
      onInvoked();
    });
  };

  it('tells of a file in the form of an S3 event', async () => {
    mkdirSync(path('ward 1'));
    write('ward 1/é+.hl7', 'MSH|');
    events.fileChanged('ward 1/é+.hl7');
    await toldAfter();
    expect(invoked).toEqual([
      {
        functionName: 'ingest',
        record: {
          eventVersion: '2.1',
          eventSource: 'aws:s3',
          awsRegion: 'eu-west-1',
          eventTime: '2026-01-01T00:00:00.300Z',
          eventName: 'ObjectCreated:Put',
          userIdentity: { principalId: 'AWS:LOCAL' },
          requestParameters: { sourceIPAddress: '127.0.0.1' },
          responseElements: {
            'x-amz-request-id': expect.stringMatching(/^[0-9A-F]{16}$/),
            'x-amz-id-2': expect.stringMatching(/^[A-Za-z0-9+/]{64}$/),
          },
          s3: {
            s3SchemaVersion: '1.0',
            configurationId: 'everything',
            bucket: {
              name: 'samples',
              ownerIdentity: { principalId: '000000000000' },
              arn: 'arn:aws:s3:::samples',
            },
            object: {
              key: 'ward+1/%C3%A9%2B.hl7',
              size: 4,
              eTag: createHash('md5').update('MSH|').digest('hex'),
              versionId: sha256('MSH|'),
              sequencer: expect.stringMatching(/^[0-9A-F]{18}$/),
            },
          },
        },
      },
    ]);
  });

  it('waits until a file has not changed for 300 ms', async () => {
    write('a');
    events.fileChanged('a');
    clock.advance(SETTLE_MILLIS - 1);
    events.fileChanged('a');
    expect(await toldAfter(SETTLE_MILLIS - 1)).toEqual([]);
  });

  it('tells once of a file that changed several times', async () => {
    write('a');
    events.fileChanged('a');
    clock.advance(SETTLE_MILLIS - 1);
    events.fileChanged('a');
    expect(await toldAfter()).toEqual(['a']);
  });

  it('tells again of a file with another content, with a greater sequencer', async () => {
    write('a', 'one');
    events.fileChanged('a');
    clock.advance(SETTLE_MILLIS);
    await until(1);
    write('a', 'two');
    events.fileChanged('a');
    await toldAfter();
    expect(invoked.map(({ record }) => record.s3.object.versionId)).toEqual([sha256('one'), sha256('two')]);
    const [first, second] = invoked.map(({ record }) => record.s3.object.sequencer);
    expect(first < second).toBe(true);
  });

  it('does not tell again of the same content', async () => {
    write('a');
    events.fileChanged('a');
    clock.advance(SETTLE_MILLIS);
    await until(1);
    utimesSync(path('a'), 0, 0);
    events.fileChanged('a');
    expect(await toldAfter()).toEqual(['a']);
  });

  it('tells of the same content that went and came anew', async () => {
    write('a');
    events.fileChanged('a');
    clock.advance(SETTLE_MILLIS);
    await until(1);
    rmSync(path('a'));
    await events.fileRemoved('a');
    write('a');
    events.fileChanged('a');
    expect(await toldAfter()).toEqual(['a', 'a']);
  });

  it('takes no file for gone that was only replaced', async () => {
    await put('a', 'content');
    await events.fileRemoved('a');
    events.fileChanged('a');
    expect(await toldAfter()).toEqual(['a']);
  });

  it('tells of every PUT at once, and not again when its file is seen', async () => {
    write('a', 'being written');
    events.fileChanged('a');
    await put('a', 'content');
    expect(keys()).toEqual(['a']);
    events.fileChanged('a');
    expect(await toldAfter()).toEqual(['a']);
    await put('a', 'content');
    expect(keys()).toEqual(['a', 'a']);
  });

  it('names what put the object there, and from where', async () => {
    await put('a', '', 'CompleteMultipartUpload');
    expect(invoked[0]?.record).toMatchObject({
      eventName: 'ObjectCreated:CompleteMultipartUpload',
      requestParameters: { sourceIPAddress: '::1' },
    });
  });

  it('tells nothing of what is no object', async () => {
    symlinkSync(home, path('link'));
    mkdirSync(path('folder'));
    for (const key of ['link', 'folder', 'gone', '../secret']) events.fileChanged(key);
    expect(await toldAfter()).toEqual([]);
  });

  it('tells each function of what its rules name', async () => {
    const notification = (functionName: string, changes: Partial<BucketNotification>) => ({
      ...{ ...NOTIFICATION, functionName, ...changes },
    });
    events = create(clock, [
      notification('put', { events: ['s3:ObjectCreated:Put'] }),
      notification('parts', { events: ['s3:ObjectCreated:CompleteMultipartUpload'] }),
      notification('in', { prefix: 'in/' }),
      notification('hl7', { prefix: 'in/', suffix: '.hl7' }),
    ]);
    const told = async (key: string, how?: 'CompleteMultipartUpload') => {
      invoked = [];
      await put(key, '', how);
      return invoked.map(({ functionName }) => functionName);
    };
    expect(await told('a.hl7')).toEqual(['put']);
    expect(await told('in/a')).toEqual(['put', 'in']);
    expect(await told('in/a.hl7')).toEqual(['put', 'in', 'hl7']);
    expect(await told('in/a.hl7', 'CompleteMultipartUpload')).toEqual(['parts', 'in', 'hl7']);
  });

  describe('watching the folder', () => {
    beforeEach(async () => {
      write('early');
      events = create(systemClock);
      await events.start();
    });

    it('tells of files that are written, moved in, moved in with their folder, and changed', async () => {
      write('written');
      await until(1);
      writeFileSync(join(home, 'outside'), 'outside');
      renameSync(join(home, 'outside'), path('moved'));
      await until(2);
      mkdirSync(join(home, 'folder'));
      writeFileSync(join(home, 'folder/inside'), 'inside');
      renameSync(join(home, 'folder'), path('folder'));
      await until(3);
      write('early', 'changed');
      await until(4);
      expect(keys()).toEqual(['written', 'moved', 'folder/inside', 'early']);
    });

    it('tells of a file that takes the place of another one', async () => {
      write('a', 'one');
      await until(1);
      writeFileSync(join(home, 'outside'), 'two');
      renameSync(join(home, 'outside'), path('a'));
      await until(2);
      expect(invoked[1]?.record.s3.object.versionId).toBe(sha256('two'));
    });

    it('tells once of a PUT', async () => {
      await put('put', 'content');
      write('.hidden');
      write('after');
      await until(2);
      expect(keys()).toEqual(['put', 'after']);
    });

    it('tells once of each of 500 files that are moved in at once', async () => {
      const names = [...Array(500).keys()].map(String);
      for (const name of names) writeFileSync(join(home, name), name);
      await Promise.all(names.map((name) => rename(join(home, name), path(name))));
      await until(500);
      await events.stop();
      expect(keys().sort()).toEqual(names.sort());
    });
  });
});
