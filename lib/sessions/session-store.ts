/**
 * Which sockets a web session has, and when it ends: once for each time that it has lost its last socket.
 *
 * SESSION#{service}#{sessionId} / SESSION  `sockets`, and `left…`, sockets that have left: string sets of connection ids
 *                                          `rev`         grows with each socket that joins
 *                                          `endOnClose`  a socket has asked for the hook, and the session has not ended since
 *                                          `ending`      the last sockets, from the end of the session until the hook has run
 *
 * A row expires a day after its last change. A session should belong to one user: with n sockets, a change costs about n / 60 write
 * units, and a row of 400 KB holds some 20,000 sockets.
 */
import type { Clock } from '../clock';
import type { MemberKey } from '../connections/connection-items';
import { LAST_RESORT_SECONDS } from '../connections/connection-items';
import { absent, all, always, equals, exists, itemExists, lacks } from '../table/conditions';
import { expiryAfter, type Item, type Key } from '../table/item';
import type { Table } from '../table/table';

/** A socket of a session. `sessionId` is unique within its service. */
export interface SessionSocket extends MemberKey {
  sessionId: string;
}

/**
 * A duplicate of a request that takes longer is refused, because its signature has expired. A socket that has left is
 * remembered at least this long, so that a late duplicate of its join does not bring it back.
 */
const LATEST_COPY_MILLISECONDS = 15 * 60_000;
/**
 * The sets take turns, each for that long. A leaving socket clears the set of two turns ago. Even if it is one turn
 * late, that set is not in use.
 */
const LEFT = ['left0', 'left1', 'left2', 'left3'] as const;

export class SessionStore {
  constructor(
    private readonly table: Table,
    private readonly clock: Clock,
  ) {}

  /**
   * `$connect`: adds the socket to the session. `false` if it has already left. Then the handshake must fail.
   * `endOnClose` asks for the hook at the end of the session.
   */
  async join(socket: SessionSocket, endOnClose: boolean): Promise<boolean> {
    const { webSocketId } = socket;
    const session = await this.table.update(
      sessionKey(socket),
      {
        set: { expiresAt: this.#expiresAt(), ...(endOnClose && { endOnClose }) },
        add: { rev: 1 },
        addTo: { sockets: [webSocketId] },
      },
      all(...LEFT.map((left) => lacks(left, webSocketId))),
    );
    return session !== undefined;
  }

  /**
   * Removes a closed socket. `true` if the session has ended with it and the caller must run the hook: now, or again
   * after a crash, even if others have joined since. If a socket joins before the end is recorded, the session
   * continues instead.
   */
  async leave(socket: SessionSocket): Promise<boolean> {
    const { webSocketId } = socket;
    const turn = Math.floor(this.clock.now() / LATEST_COPY_MILLISECONDS);
    // This may create the row: a socket whose end arrives before its join must not join any more.
    const session = await this.table.update(
      sessionKey(socket),
      {
        set: { expiresAt: this.#expiresAt() },
        addTo: { [leftIn(turn)]: [webSocketId] },
        deleteFrom: { sockets: [webSocketId] },
        remove: [leftIn(turn - 2)],
      },
      always,
    );
    if (!session) return false;
    if (isEnding(session, webSocketId)) return true;
    const { sockets, rev, endOnClose } = session;
    return sockets === undefined && endOnClose !== undefined && this.#end(socket, rev as number);
  }

  /**
   * Unlike others, this condition does not recognize its own earlier success, because a late duplicate would then
   * remove the request of the next generation. Instead, the caller checks for the success.
   */
  async #end(socket: SessionSocket, rev: number): Promise<boolean> {
    const { webSocketId } = socket;
    const ended = await this.table.update(
      sessionKey(socket),
      { addTo: { ending: [webSocketId] }, remove: ['endOnClose'] },
      all(absent('sockets'), equals('rev', rev), exists('endOnClose')),
    );
    return isEnding(ended ?? (await this.table.get(sessionKey(socket))), webSocketId);
  }

  /** The hook has run. */
  async finishEnd(socket: SessionSocket): Promise<void> {
    const { webSocketId } = socket;
    await this.table.update(sessionKey(socket), { deleteFrom: { ending: [webSocketId] } }, itemExists);
  }

  /** The ids of its sockets, read consistently. */
  async sockets(session: Omit<SessionSocket, 'webSocketId'>): Promise<string[]> {
    return ((await this.table.get(sessionKey(session)))?.sockets ?? []) as string[];
  }

  #expiresAt(): number {
    return expiryAfter(this.clock.now(), LAST_RESORT_SECONDS);
  }
}

function sessionKey({ service, sessionId }: Omit<SessionSocket, 'webSocketId'>): Key {
  return { pk: `SESSION#${service}#${sessionId}`, sk: 'SESSION' };
}

function isEnding(session: Item | undefined, webSocketId: string): boolean {
  return ((session?.ending ?? []) as string[]).includes(webSocketId);
}

function leftIn(turn: number): string {
  return LEFT[turn % LEFT.length] as string;
}
