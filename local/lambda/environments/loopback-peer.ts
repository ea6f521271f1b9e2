/** Finds the user of the process at the other end of a connection over 127.0.0.1, which Linux reports. */
import { readFile } from 'node:fs/promises';
import type { Socket } from 'node:net';

/** How the kernel's connection tables write 127.0.0.1, in IPv4 and IPv6 form. */
const TABLES = [
  { file: '/proc/net/tcp', loopback: '0100007F' },
  { file: '/proc/net/tcp6', loopback: '0000000000000000FFFF00000100007F' },
];
const LOCAL_COLUMN = 1;
const REMOTE_COLUMN = 2;
const USER_COLUMN = 7;

/** Whether the peer's process belongs to this process's own user. If the system does not say, it counts as such. */
export async function isOwnUser({ localPort, remotePort }: Socket): Promise<boolean> {
  if (process.platform !== 'linux' || !process.getuid) return true;
  const user = String(process.getuid());
  for (const { file, loopback } of TABLES) {
    const table = await readFile(file, 'utf8').catch(() => '');
    const [peer, own] = [remotePort, localPort].map((port) => `${loopback}:${hexadecimal(port ?? 0)}`);
    for (const line of table.split('\n')) {
      const columns = line.trim().split(/\s+/);
      if (columns[LOCAL_COLUMN] === peer && columns[REMOTE_COLUMN] === own)
        return columns[USER_COLUMN] === user;
    }
  }
  return false;
}

function hexadecimal(port: number): string {
  return port.toString(16).toUpperCase().padStart(4, '0');
}
