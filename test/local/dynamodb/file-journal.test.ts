import {
  appendFileSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32, ownCrc32 } from '../../../local/dynamodb/checksum';
import type { JournalEntry } from '../../../local/dynamodb/database';
import { FileJournal, type Write } from '../../../local/dynamodb/file-journal';
import type { Log } from '../../../local/log';
import { UserError } from '../../../local/user-error';

describe('FileJournal', () => {
  let directory: string;
  let lines: string[];
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'journal-'));
    lines = [];
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const log: Log = {
    info: (text) => lines.push(text),
    warn: (text) => lines.push(text),
    error: (text) => lines.push(text),
  };
  const nothing = () => [];

  function open(write?: Write): { journal: FileJournal; kept: JournalEntry[] } {
    const kept: JournalEntry[] = [];
    const restore = (entry: JournalEntry) => kept.push(entry);
    return { journal: FileJournal.open({ directory, log, restore, ...(write && { write }) }), kept };
  }

  function keep(...names: string[]): void {
    const { journal } = open();
    for (const drop of names) journal.append({ drop }, nothing);
    journal.close();
  }

  it('returns what was stored, in order', () => {
    keep('a', 'b');
    const { journal, kept } = open();
    journal.close();
    expect(kept).toEqual([{ drop: 'a' }, { drop: 'b' }]);
  });

  it('keeps only the history that it needs, and all of the latest state', () => {
    const { journal } = open();
    const drop = 'x'.repeat(1024 * 1024);
    for (let n = 0; n < 200; n += 1) journal.append({ drop }, () => [{ drop: 'all that is there' }]);
    journal.append({ drop: 'last' }, nothing);
    journal.close();
    expect(statSync(join(directory, 'tables.log')).size).toBeLessThan(100 * 1024 * 1024);
    const { journal: again, kept } = open();
    again.close();
    expect(kept[0]).toEqual({ drop: 'all that is there' });
    expect(kept.at(-1)).toEqual({ drop: 'last' });
  });

  it('omits a truncated write, and reports it', () => {
    keep('a', 'b');
    const path = join(directory, 'tables.log');
    truncateSync(path, readFileSync(path).length - 3);
    const { journal, kept } = open();
    journal.append({ drop: 'c' }, nothing);
    journal.close();
    expect(kept).toEqual([{ drop: 'a' }]);
    expect(lines).toEqual([expect.stringContaining('ends in the middle of a write')]);
    const again = open();
    again.journal.close();
    expect(again.kept).toEqual([{ drop: 'a' }, { drop: 'c' }]);
  });

  it('refuses a file that was modified', () => {
    keep('a', 'b');
    const path = join(directory, 'tables.log');
    writeFileSync(path, readFileSync(path, 'utf8').replace('"a"', '"x"'));
    expect(() => open()).toThrow(UserError);
    expect(() => open()).toThrow(
      /tables\.log is damaged at line 2\. .* delete it to start with empty tables/,
    );
  });

  it('refuses a file that was emptied', () => {
    keep('a');
    truncateSync(join(directory, 'tables.log'), 0);
    expect(() => open()).toThrow(/damaged at line 1/);
  });

  it('refuses data of an earlier version, and says what to do', () => {
    appendFileSync(join(directory, 'CURRENT'), 'MANIFEST-000001\n');
    expect(() => open()).toThrow(/have the format of an earlier version\. Choose another folder, or delete/);
  });

  it('refuses a write on a full disk completely, and continues when there is space', () => {
    let isFull = false;
    const { journal } = open((file, bytes, offset, length, position) => {
      if (!isFull) return writeSync(file, bytes, offset, length, position);
      writeSync(file, bytes, offset, 4, position);
      throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    });
    journal.append({ drop: 'before' }, nothing);
    isFull = true;
    expect(() => journal.append({ drop: 'lost' }, nothing)).toThrow(/write to .* failed.*ENOSPC/);
    expect(() => journal.append({ drop: 'lost' }, nothing)).toThrow(/ENOSPC/);
    isFull = false;
    journal.append({ drop: 'after' }, nothing);
    journal.close();
    const { journal: later, kept } = open();
    later.close();
    expect(kept).toEqual([{ drop: 'before' }, { drop: 'after' }]);
    expect(lines).toEqual([
      expect.stringContaining('Free some space there'),
      expect.stringContaining('succeed again'),
    ]);
  });

  it('takes over the folder of a process that was killed', () => {
    keep('a');
    writeFileSync(join(directory, 'lock.3'), JSON.stringify({ pid: 2 ** 22 + 1, token: 'gone' }));
    const { journal, kept } = open();
    journal.close();
    expect(kept).toEqual([{ drop: 'a' }]);
  });

  it('has the same checksum if Node.js does not provide one', () => {
    const bytes = Buffer.from('123456789');
    expect(ownCrc32(bytes)).toBe(0xcbf43926);
    expect(crc32(bytes)).toBe(0xcbf43926);
    expect(crc32('Grüße')).toBe(ownCrc32(Buffer.from('Grüße')));
  });
});
