import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BucketNotification } from '../../../local/assembly/model';
import { type Clock, ManualClock, systemClock } from '../../../local/clock';
import { BucketEvents, SETTLE_MILLIS } from '../../../local/s3/bucket-events';
import { BucketFolder } from '../../../local/s3/bucket-folder';
import { newRequestIds } from '../../../local/s3/s3-response';

const sha256 = (content: string) => createHash('sha256').update(content).digest('hex');

const NOTIFICATION: BucketNotification = {
  ...{ id: 'everything', targetArn: 'arn:ingest', events: ['s3:ObjectCreated:*'], prefix: '', suffix: '' },
};

/** Waits are twenty times shorter. No test depends on their length. */
const quickClock: Clock = {
  now: () => systemClock.now(),
  after: (milliseconds, callback) => systemClock.after(milliseconds / 20, callback),
};

describe('BucketEvents', () => {
  let home: string;
  let bucket: BucketFolder;
  let events: BucketEvents;
  let clock: ManualClock;
  let invoked: { targetArn: string; record: ReturnType<typeof JSON.parse> }[];
  let onInvoked: () => void;
  let logged: string[];
  let onLogged: () => void;
  const say = (text: string) => {
    logged.push(text);
    onLogged();
  };
  const log = { info: say, warn: say, error: say };

  beforeEach(async () => {
    home = mkdtempSync(join(tmpdir(), 'bucket-events-'));
    logged = [];
    onLogged = () => {};
    bucket = await BucketFolder.open('samples', join(home, 'incoming'), log);
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
      ...{ bucket, bucketArn: 'arn:aws:s3:::samples', notifications, clock: on, log },
      ...{ region: 'eu-west-1', accountId: '000000000000' },
      destinations: {
        deliver: (targetArn, { body }) => {
          const { Records: records } = JSON.parse(body);
          expect(records).toHaveLength(1);
          invoked.push({ targetArn, record: records[0] });
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
  /** Stops after all due notifications were sent. */
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

  it('sends a notification in the form of an S3 event', async () => {
    mkdirSync(path('ward 1'));
    write('ward 1/é+.hl7', 'MSH|');
    events.fileChanged('ward 1/é+.hl7');
    await toldAfter();
    expect(invoked).toEqual([
      {
        targetArn: 'arn:ingest',
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

  it('sends one notification for a file that has changed several times', async () => {
    write('a');
    events.fileChanged('a');
    clock.advance(SETTLE_MILLIS - 1);
    events.fileChanged('a');
    expect(await toldAfter()).toEqual(['a']);
  });

  it('sends another notification for a file with new content, with a greater sequencer', async () => {
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

  it('sends no other notification for the same content', async () => {
    write('a');
    events.fileChanged('a');
    clock.advance(SETTLE_MILLIS);
    await until(1);
    utimesSync(path('a'), 0, 0);
    events.fileChanged('a');
    expect(await toldAfter()).toEqual(['a']);
  });

  it('sends another notification for the same content that was deleted and created again', async () => {
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

  it('does not treat a replaced file as deleted', async () => {
    await put('a', 'content');
    await events.fileRemoved('a');
    events.fileChanged('a');
    expect(await toldAfter()).toEqual(['a']);
  });

  it('sends a notification for every PUT immediately, and not again when it notices the file', async () => {
    write('a', 'being written');
    events.fileChanged('a');
    await put('a', 'content');
    expect(keys()).toEqual(['a']);
    events.fileChanged('a');
    expect(await toldAfter()).toEqual(['a']);
    await put('a', 'content');
    expect(keys()).toEqual(['a', 'a']);
  });

  it('includes how and from where the object was put', async () => {
    await put('a', '', 'CompleteMultipartUpload');
    expect(invoked[0]?.record).toMatchObject({
      eventName: 'ObjectCreated:CompleteMultipartUpload',
      requestParameters: { sourceIPAddress: '::1' },
    });
  });

  it('sends nothing for files that are not objects', async () => {
    symlinkSync(home, path('link'));
    mkdirSync(path('folder'));
    for (const key of ['link', 'folder', 'gone', '../secret']) events.fileChanged(key);
    expect(await toldAfter()).toEqual([]);
  });

  it('notifies each function about the objects that its rules match', async () => {
    const notification = (targetArn: string, changes: Partial<BucketNotification>) => ({
      ...{ ...NOTIFICATION, targetArn, ...changes },
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
      return invoked.map(({ targetArn }) => targetArn);
    };
    expect(await told('a.hl7')).toEqual(['put']);
    expect(await told('in/a')).toEqual(['put', 'in']);
    expect(await told('in/a.hl7')).toEqual(['put', 'in', 'hl7']);
    expect(await told('in/a.hl7', 'CompleteMultipartUpload')).toEqual(['parts', 'in', 'hl7']);
  });

  describe('watching the folder', () => {
    beforeEach(async () => {
      write('early');
      events = create(quickClock);
      await events.start();
    });

    it('notices files that are written, moved in, moved in with their folder, and changed', async () => {
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

    it('notices a file that replaces another one', async () => {
      write('a', 'one');
      await until(1);
      writeFileSync(join(home, 'outside'), 'two');
      renameSync(join(home, 'outside'), path('a'));
      await until(2);
      expect(invoked[1]?.record.s3.object.versionId).toBe(sha256('two'));
    });

    it('sends one notification for a PUT', async () => {
      await put('put', 'content');
      write('.hidden');
      write('after');
      await until(2);
      expect(keys()).toEqual(['put', 'after']);
    });

    /** Resolves when a line of the log contains `text`. */
    const said = async (text: string) => {
      await new Promise<void>((resolve) => {
        onLogged = () => {
          if (logged.some((line) => line.includes(text))) resolve();
        };
        onLogged();
      });
    };
    const remake = () => {
      rmSync(bucket.directory, { recursive: true });
      mkdirSync(bucket.directory);
    };

    it('continues with a folder that was deleted and immediately created again', async () => {
      remake();
      await said('exists again and is being watched');
      write('new');
      await until(1);
      remake();
      write('at once');
      await until(2);
      expect(keys()).toEqual(['new', 'at+once']);
    });

    it('reports that the folder was deleted, and that it exists again', async () => {
      rmSync(bucket.directory, { recursive: true });
      await said(`${bucket.directory} was deleted`);
      mkdirSync(bucket.directory);
      write('while it was not watched');
      await said(`${bucket.directory} exists again`);
      await until(1);
      expect(keys()).toEqual(['while+it+was+not+watched']);
    });

    it('continues with a folder that was moved away and back, without notifications for its old files', async () => {
      write('told');
      await until(1);
      renameSync(bucket.directory, join(home, 'away'));
      await said('was deleted');
      renameSync(join(home, 'away'), bucket.directory);
      await said('exists again');
      write('new');
      await until(2);
      renameSync(bucket.directory, join(home, 'away'));
      renameSync(join(home, 'away'), bucket.directory);
      write('newer');
      await until(3);
      await events.stop();
      expect(keys()).toEqual(['told', 'new', 'newer']);
    });

    it('continues with a subfolder that was deleted and immediately created again', async () => {
      mkdirSync(path('ward'));
      write('ward/a');
      await until(1);
      rmSync(path('ward'), { recursive: true });
      mkdirSync(path('ward'));
      write('ward/b');
      await until(2);
      rmSync(path('ward'), { recursive: true });
      mkdirSync(path('ward'));
      write('ward/c');
      await until(3);
      expect(keys()).toEqual(['ward/a', 'ward/b', 'ward/c']);
    });

    it('sends another notification for the same content in a new folder', async () => {
      write('a', 'same');
      await until(1);
      rmSync(bucket.directory, { recursive: true });
      await said('was deleted');
      mkdirSync(bucket.directory);
      write('a', 'same');
      await until(2);
      expect(keys()).toEqual(['a', 'a']);
    });

    it('notices a file with a backslash in its name', async () => {
      write('ward\\a');
      await until(1);
      expect(keys()).toEqual(['ward%5Ca']);
    });

    it('reports a name that is not UTF-8 once, with the remedy', async () => {
      const name = Buffer.concat([Buffer.from(`${bucket.directory}/caf`), Buffer.from([0xe9, 0x1b])]);
      writeFileSync(name, 'x');
      await said('caf\\xE9\\x1B is not an object of the bucket: its name is not UTF-8');
      writeFileSync(name, 'y');
      write('after');
      await until(1);
      expect(logged).toHaveLength(1);
      expect(logged[0]).toContain('Rename it.');
    });

    it.each([
      ['a symbolic link', 'is a symbolic link', () => symlinkSync(home, path('one'))],
      ['a link to a file', 'is a symbolic link', () => symlinkSync(path('early'), path('one'))],
      ['a pipe', 'is not a regular file', () => execFileSync('mkfifo', [path('one')])],
    ])('reports that %s is not an object', async (_, why, make) => {
      make();
      await said(`${path('one')} is not an object of the bucket: it ${why}`);
      expect(keys()).toEqual([]);
    });

    it('reports existing files that are not objects', async () => {
      await events.stop();
      mkdirSync(path('folder'));
      writeFileSync(Buffer.concat([Buffer.from(path('folder/')), Buffer.from([0xff])]), 'x');
      symlinkSync(home, path('link'));
      events = create(quickClock);
      await events.start();
      await said('folder/\\xFF is not an object');
      await said('link is not an object');
    });

    it('sends one notification for each of 500 files that are moved in at the same time', async () => {
      const names = [...Array(500).keys()].map(String);
      for (const name of names) writeFileSync(join(home, name), name);
      await Promise.all(names.map((name) => rename(join(home, name), path(name))));
      await until(500);
      await events.stop();
      expect(keys().sort()).toEqual(names.sort());
    });
  });
});
