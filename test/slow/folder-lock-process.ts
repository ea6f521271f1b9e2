/** Tries to take a folder at a moment, says whether it got it, and keeps it until its standard input ends. */
import { FolderLock } from '../../local/dynamodb/folder-lock';

const [directory = '', moment = '0'] = process.argv.slice(2);
process.stdout.write('ready\n');
// Busy, so that all of them try within the same millisecond or so.
while (Date.now() < Number(moment));
process.stdout.write(FolderLock.take(directory) ? 'taken\n' : 'refused\n');
process.stdin.resume();
