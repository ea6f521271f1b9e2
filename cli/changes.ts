/**
 * Detects who connects, is identified and disconnects by polling the members. This works for any place, but it sees no
 * messages, and misses connections that open and close between two polls.
 */
import type { Member } from '../lib/connections/connection-items';
import type { Service } from '../lib/service';
import type { Terminal } from './terminal';
import { jsonLine, printable } from './text';

interface Change {
  at: string;
  event: 'connected' | 'named' | 'left';
  service: string;
  id: string;
  user?: string;
}

type Members = Map<string, Member>;

/** Prints one line for each change until the terminal stops it. One query a service for each poll. */
export async function followChanges(
  services: Service[],
  intervalMilliseconds: number,
  json: boolean,
  terminal: Terminal,
): Promise<void> {
  let before = await membersOf(services);
  while (await terminal.wait(intervalMilliseconds)) {
    const now = await membersOf(services);
    for (const change of changes(before, now)) terminal.print(json ? jsonLine(change) : lineOf(change));
    before = now;
  }
}

async function membersOf(services: Service[]): Promise<Members> {
  const members: Members = new Map();
  for (const service of services) {
    for await (const member of service.members()) members.set(member.webSocketId, member);
  }
  return members;
}

function changes(before: Members, now: Members): Change[] {
  const left = [...before.values()].filter(({ webSocketId }) => !now.has(webSocketId));
  return [
    ...left.map((member) => changeOf('left', member)),
    ...[...now.values()].flatMap((member) => {
      const known = before.get(member.webSocketId);
      if (!known) return [changeOf('connected', member)];
      return known.user === member.user ? [] : [changeOf('named', member)];
    }),
  ];
}

function changeOf(event: Change['event'], { service, webSocketId, user }: Member): Change {
  const at = new Date().toISOString();
  return { at, event, service, id: webSocketId, ...(user !== undefined && { user }) };
}

function lineOf({ at, event, service, id, user }: Change): string {
  return `${at}  ${service}  ${id}  ${event}${user === undefined ? '' : ` ${printable(JSON.stringify(user))}`}\n`;
}
