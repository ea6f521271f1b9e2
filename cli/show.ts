/** The command `show`: what the table and API Gateway know about one connection. */
import type { Backend } from '../lib/backend';
import { ChannelStore } from '../lib/channels/channel-store';
import type { Connection } from '../lib/connections/connection-items';
import { ConnectionStore } from '../lib/connections/connection-store';
import { isFree, OwnershipStore } from '../lib/dedicated/ownership';
import { ConnectionsApiError } from '../lib/errors';
import { Inbox } from '../lib/inbox/inbox';
import type { PlaceOptions } from './client-settings';
import { Place } from './place';
import { findConnection } from './sockets';
import type { Terminal } from './terminal';
import { durationText, jsonLine, printable } from './text';

interface Shown {
  id: string;
  service: string;
  state: 'open' | 'closed' | 'being settled';
  acceptedAt: string;
  closedAt?: string;
  closeCode?: number;
  closeReason?: string;
  user?: string;
  info?: Connection['attributes'][string];
  session?: string;
  channels: string[];
  /** The attributes from `onPreServer`. They may contain secrets. */
  attributes: Connection['attributes'];
  messagesTo: 'onClientMessage' | 'inbox' | 'owner';
  owner?: { epoch: number; leaseUntil: string | null };
  unread?: number;
  gateway: { connectedAt: string; lastActiveAt: string; sourceIp?: string; userAgent?: string } | string;
}

export async function show(
  webSocketId: string,
  options: PlaceOptions & { json: boolean },
  terminal: Terminal,
): Promise<void> {
  const place = await Place.find(options);
  const { backend, connection } = await findConnection(place, webSocketId);
  const shown = await describe(backend, connection);
  terminal.print(options.json ? jsonLine(shown) : lines(shown, backend.clock.now()));
}

async function describe(backend: Backend, connection: Connection): Promise<Shown> {
  const { webSocketId, service, state, done, acceptedAt, closedAt, closeCode, closeReason } = connection;
  const { sessionId, messagesTo } = connection;
  const { table, clock } = backend;
  const member = await new ConnectionStore(table, clock).member(connection);
  const channels = await new ChannelStore(table, clock).channelsOf(webSocketId);
  return {
    ...{ id: webSocketId, service, state: state === 'closed' && !done ? 'being settled' : state },
    acceptedAt: new Date(acceptedAt).toISOString(),
    ...(closedAt !== undefined && { closedAt: new Date(closedAt).toISOString() }),
    ...(closeCode !== undefined && { closeCode }),
    ...(closeReason !== undefined && { closeReason }),
    ...(member?.user !== undefined && { user: member.user }),
    ...(member?.info !== undefined && { info: member.info }),
    ...(sessionId !== '' && { session: sessionId }),
    channels,
    attributes: connection.attributes,
    messagesTo: messagesTo === 'hook' ? 'onClientMessage' : messagesTo,
    ...(messagesTo === 'owner' && { owner: await ownerOf(backend, webSocketId) }),
    ...(messagesTo !== 'hook' && { unread: await unreadOf(backend, webSocketId) }),
    gateway: await gatewaySays(backend, connection),
  };
}

async function ownerOf({ table, clock }: Backend, webSocketId: string) {
  const ownership = await new OwnershipStore(webSocketId, table, clock).get();
  const isOwned = ownership && !isFree(ownership, clock.now());
  return {
    epoch: ownership?.epoch ?? 0,
    leaseUntil: isOwned ? new Date(ownership.until).toISOString() : null,
  };
}

async function unreadOf({ table, clock }: Backend, webSocketId: string): Promise<number> {
  let count = 0;
  for await (const _ of new Inbox(webSocketId, table, clock).unread()) count++;
  return count;
}

async function gatewaySays({ connections }: Backend, connection: Connection): Promise<Shown['gateway']> {
  try {
    const status = await connections.get(connection);
    if (!status) return 'has no such connection';
    const { connectedAt, lastActiveAt, identity } = status;
    return {
      connectedAt: connectedAt.toISOString(),
      lastActiveAt: lastActiveAt.toISOString(),
      ...identity,
    };
  } catch (error) {
    if (error instanceof ConnectionsApiError) return error.message;
    throw error;
  }
}

function lines(shown: Shown, now: number): string {
  const { gateway, owner, closeCode, closeReason } = shown;
  const age = durationText(now - Date.parse(shown.acceptedAt));
  const close = [closeCode, closeReason && JSON.stringify(closeReason)].filter((part) => part !== undefined);
  const rows: [name: string, value: string | undefined][] = [
    ['id', shown.id],
    ['service', shown.service],
    ['state', shown.state],
    ['since', `${shown.acceptedAt} (${age})`],
    ['closed', shown.closedAt && [shown.closedAt, ...close].join(' ')],
    ['user', shown.user],
    ['info', shown.info === undefined ? undefined : JSON.stringify(shown.info)],
    ['session', shown.session],
    ['channels', shown.channels.join(' ') || 'none'],
    ['attributes', Object.keys(shown.attributes).length > 0 ? JSON.stringify(shown.attributes) : undefined],
    ['messages go to', shown.messagesTo],
    ['owner', owner && `number ${owner.epoch}, ${leaseText(owner.leaseUntil)}`],
    ['unread', shown.unread === undefined ? undefined : String(shown.unread)],
    ...(typeof gateway === 'string'
      ? [['gateway', gateway] as [string, string]]
      : Object.entries(gateway).map(([name, value]): [string, string] => [
          GATEWAY_NAMES[name] ?? name,
          value,
        ])),
  ];
  return rows
    .flatMap(([name, value]) => (value === undefined ? [] : [`${name.padEnd(16)}${printable(value)}\n`]))
    .join('');
}

const GATEWAY_NAMES: Record<string, string> = {
  connectedAt: 'connected',
  lastActiveAt: 'last active',
  sourceIp: 'from',
  userAgent: 'user agent',
};

function leaseText(leaseUntil: string | null): string {
  return leaseUntil === null ? 'none now' : `its lease ends ${leaseUntil}`;
}
