/**
 * Who is online, told to everyone after each change so that the last list each client hears is right, for few posts.
 * Names stand on the members' rows. One item counts the changes (`rev`) and holds a lease: whoever gets it posts for
 * everybody, gathering the changes of a quarter second; everyone else only counts. A poster that dies is made up for by
 * the next change or the upkeep.
 */
import { createHash } from 'node:crypto';
import type { Member, Service } from '../../lib';
import { sleep } from '../../lib/clock';
import { serviceChannelPk } from '../../lib/connections/connection-items';
import { absent, all, always, any, differs, equals, lessThan } from '../../lib/table/conditions';
import type { Item, Key } from '../../lib/table/item';
import { encode } from './room';

/** Changes that come within this time are posted together. */
export const GATHERING_MILLISECONDS = 250;
/** One round with its retries: with less time left, the poster hands over. */
const ROUND_MILLISECONDS = 5_000;
/** A lease of a process that has no deadline of its own. */
const LONGEST_LEASE_MILLISECONDS = 30_000;
/** A list up to this size is metered as one message. Source: API Gateway pricing, "metered in 32 KB increments". */
const MAX_LIST_BYTES = 32 * 1024;

export class UserList {
  readonly #key: Key;

  constructor(private readonly service: Service) {
    this.#key = { pk: serviceChannelPk(service.name), sk: 'LIST' };
  }

  /** The names have changed: counts it, and posts the new list unless somebody else is about to. */
  async changed(): Promise<void> {
    const list = await this.service.backend.table.update(this.#key, { add: { rev: 1 } }, always);
    if (list && !this.#isHeld(list)) await this.#postIfFirst();
  }

  /** Tells one who has just come, again and again until nothing changes meanwhile. */
  async tell(write: (frame: string) => Promise<void>): Promise<void> {
    const { clock } = this.service.backend;
    for (let revision = await this.#revision(); ; ) {
      await write(listFrame(await this.#members(), revision));
      const now = await this.#revision();
      if (now === revision || clock.now() + GATHERING_MILLISECONDS > this.service.deadline) return;
      revision = now;
      await sleep(clock, GATHERING_MILLISECONDS);
    }
  }

  /** Posts the list if one that should have been posted was not, or names have changed without a word. */
  async mend(): Promise<void> {
    const list = await this.service.backend.table.get(this.#key);
    if (list && this.#isHeld(list)) return;
    const names = namesOf(await this.#members());
    if (!list && names.length === 0) return;
    if (list?.posted !== list?.rev || list?.hash !== hashOf(names)) await this.changed();
  }

  async #postIfFirst(): Promise<void> {
    const { table, clock, token } = this.service.backend;
    const poster = token();
    const now = clock.now();
    const lease = await table.update(
      this.#key,
      { set: { poster, until: Math.min(this.service.deadline, now + LONGEST_LEASE_MILLISECONDS) } },
      all(
        any(absent('poster'), lessThan('until', now), equals('poster', poster)),
        any(absent('posted'), differs('posted', 'rev')),
      ),
    );
    if (lease) await this.#postRounds(poster, lease.until as number);
  }

  async #postRounds(poster: string, until: number): Promise<void> {
    const { table, clock } = this.service.backend;
    while (clock.now() + ROUND_MILLISECONDS <= until) {
      await sleep(clock, GATHERING_MILLISECONDS);
      const list = await table.get(this.#key);
      if (list?.poster !== poster) return;
      const revision = list.rev as number;
      // The revision is read before the names, so that no change that it counts is missing among them.
      const members = await this.#members();
      await this.service.deliver(listFrame(members, revision), { to: members });
      const done = await table.update(
        this.#key,
        { set: { posted: revision, hash: hashOf(namesOf(members)) }, remove: ['poster', 'until'] },
        all(equals('poster', poster), equals('rev', revision)),
      );
      if (done) return;
    }
    await this.#handOver(poster);
  }

  /** The changes do not end, but this invocation's time does: another one goes on. */
  async #handOver(poster: string): Promise<void> {
    const free = { remove: ['poster', 'until'] };
    if (await this.service.backend.table.update(this.#key, free, equals('poster', poster))) {
      await this.service.requestUpkeep();
    }
  }

  #isHeld(list: Item): boolean {
    return list.poster !== undefined && (list.until as number) > this.service.backend.clock.now();
  }

  async #revision(): Promise<number> {
    const list = await this.service.backend.table.get(this.#key);
    return (list?.rev as number | undefined) ?? 0;
  }

  /** Everyone, named or not, those who named themselves first at the front. */
  async #members(): Promise<Member[]> {
    const members: Member[] = [];
    for await (const member of this.service.members()) members.push(member);
    return members.sort(
      (a, b) => (a.namedAt ?? 0) - (b.namedAt ?? 0) || (a.webSocketId < b.webSocketId ? -1 : 1),
    );
  }
}

function namesOf(members: Member[]): string[] {
  return members.flatMap(({ user }) => (user === undefined ? [] : [user]));
}

/** As many names as fit, and how many more there are. */
function listFrame(members: Member[], revision: number): string {
  const users = namesOf(members).map((User) => ({ User }));
  let bytes = Buffer.byteLength(
    encode({ Type: 'userlist', Users: [], More: users.length, Revision: revision }),
  );
  const fitting = users.findIndex((user) => {
    bytes += Buffer.byteLength(JSON.stringify(user)) + 1;
    return bytes > MAX_LIST_BYTES;
  });
  return encode({
    Type: 'userlist',
    Users: fitting < 0 ? users : users.slice(0, fitting),
    ...(fitting >= 0 && { More: users.length - fitting }),
    Revision: revision,
  });
}

function hashOf(names: string[]): string {
  return createHash('sha256').update(JSON.stringify(names)).digest('base64url').slice(0, 16);
}
