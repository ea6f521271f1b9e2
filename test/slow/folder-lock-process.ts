/**
 * Tries to lock a folder at a given moment, prints whether it succeeded, and keeps the lock until its standard input
 * ends.
 */
import { FolderLock } from '../../local/dynamodb/folder-lock';

const [directory = '', moment = '0'] = process.argv.slice(2);
process.stdout.write('ready\n');
// Busy waiting, so that all of them try within about a millisecond.
while (Date.now() < Number(moment));
process.stdout.write(FolderLock.take(directory) ? 'taken\n' : 'refused\n');
process.stdin.resume();
