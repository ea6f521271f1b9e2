import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Bucket } from '../../../local/assembly/model';
import { BucketFolders } from '../../../local/s3/bucket-folders';
import { UserError } from '../../../local/user-error';

const HOME = '/project';

function bucket(bucketName: string, path: string, isHeardOf = false): Bucket {
  const notification = { id: '1', targetArn: 'arn:ingest', events: [], prefix: '', suffix: '' };
  return {
    ...{ bucketName, path, bucketArn: `arn:aws:s3:::${bucketName}` },
    notifications: isHeardOf ? [notification] : [],
  };
}

describe('BucketFolders', () => {
  const incoming = bucket('app-incoming-1', 'App/Incoming/Resource', true);
  const archive = bucket('app-archive-2', 'App/Archive/Resource');
  const choose = (given: string[], buckets = [incoming, archive]) =>
    new BucketFolders(given, HOME).choose(buckets);
  const mistake = (given: string[], buckets?: Bucket[]) => {
    try {
      choose(given, buckets);
    } catch (error) {
      expect(error).toBeInstanceOf(UserError);
      return (error as Error).message;
    }
    throw new Error('There was no mistake.');
  };

  it('uses the folder incoming for the only bucket with notifications', () => {
    expect(choose([])).toEqual({ 'app-incoming-1': '/project/incoming' });
  });

  it('uses no folder if the user has to choose among buckets', () => {
    expect(choose([], [incoming, bucket('other', 'App/Other', true)])).toEqual({});
    expect(choose([], [archive])).toEqual({});
  });

  it.each(['app-archive-2', 'App/Archive', 'Archive'])('knows a bucket by %s', (name) => {
    expect(choose([`${name}=kept`])).toEqual({
      'app-archive-2': resolve('kept'),
      'app-incoming-1': '/project/incoming',
    });
  });

  it('uses the given folder instead of incoming', () => {
    expect(choose(['Incoming=in=box'])).toEqual({ 'app-incoming-1': resolve('in=box') });
  });

  it('can use incoming for another bucket', () => {
    expect(choose(['Archive=/project/incoming'])).toEqual({ 'app-archive-2': '/project/incoming' });
  });

  it('lists all possible folders before the app is read', () => {
    expect(new BucketFolders(['Archive=/kept'], HOME).directories).toEqual(['/project/incoming', '/kept']);
  });

  it('explains what is wrong, and lists the buckets', () => {
    expect(mistake(['incoming'])).toBe(
      '--bucket incoming must name a bucket and its folder, as in --bucket files=incoming.',
    );
    expect(mistake(['Nothing=a'])).toBe(
      '--bucket Nothing does not match exactly one bucket of the app. The buckets are: app-incoming-1 (App/Incoming), app-archive-2 (App/Archive).',
    );
    expect(mistake(['Archive=a'], [archive, bucket('twin', 'Other/Archive')])).toContain(
      'does not match exactly one bucket',
    );
    expect(mistake(['Archive=a'], [])).toContain('The buckets are: none.');
    expect(mistake(['Archive=a', 'app-archive-2=b'])).toContain(
      'is already the folder of the bucket app-archive-2',
    );
    expect(mistake(['Archive=a', 'Incoming=a'])).toContain(
      'A bucket has one folder, and a folder one bucket',
    );
  });

  it('refuses a file instead of a folder', () => {
    const folder = mkdtempSync(join(tmpdir(), 'folders-'));
    const file = join(folder, 'file');
    writeFileSync(file, '');
    expect(mistake([`Archive=${file}`])).toContain(`${file} is a file. Use a folder.`);
    rmSync(folder, { recursive: true });
  });
});
