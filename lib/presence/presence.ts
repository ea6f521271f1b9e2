/**
 * Sends the list of who is present to everyone after each change. The last list that each client gets is correct,
 * with few posts. Users are in the members' rows. One item counts the changes (`rev`) and has a lease. The process
 * that gets the lease posts for all of them and collects the changes that arrive in the meantime; the others only count. If a
 * poster crashes, the next change or the upkeep makes up for it.
 */
import { sleep } from '../clock';
import { LAST_RESORT_SECONDS, type Member, SERVICE_CHANNEL } from '../connections/connection-items';
import { fingerprintOf } from '../messages/fingerprint';
import type { ServiceContext } from '../service-context';
import { absent, all, always, any, differs, equals, lessThan } from '../table/conditions';
import { expiryAfter, type Item, type Key } from '../table/item';
import type { PresenceForm } from './presence-form';
import { listFrames, presenceFrames } from './presence-frames';
import { CHANGE_PREFIX, type Change, changeKey, listKey, revisionOf, revOfChange } from './presence-items';

/** Changes within this time are posted together. */
export const GATHERING_MILLISECONDS = 250;
/** While changes continue, a list is delayed this much longer for each recipient, because each costs a post. */
const GATHERING_PER_MEMBER_MILLISECONDS = 4;
/** But no longer than this. */
const LONGEST_GATHERING_MILLISECONDS = 4_000;
/** The time for one round with its retries. With less time left, the poster hands over. */
const ROUND_MILLISECONDS = 5_000;
/** How long a process without a deadline may hold the lease. */
const LONGEST_LEASE_MILLISECONDS = 30_000;
/** More changes than this are sent as a whole list. */
const MAX_CHANGES = 200;
const CHANGES_KEPT_SECONDS = 10 * 60;

export interface PresenceOptions {
  /** @default the channel of everyone in the service */
  channel?: string;
  /** Requests another invocation that continues when this one runs out of time. @default the upkeep */
  goOn?: () => Promise<void>;
}

export class Presence<Entry> {
  readonly #key: Key;
  readonly #channel: string | undefined;
  readonly #goOn: () => Promise<void>;

  constructor(
    private readonly service: ServiceContext,
    private readonly form: PresenceForm<Entry>,
    { channel, goOn = () => service.requestUpkeep() }: PresenceOptions = {},
  ) {
    this.#channel = channel;
    this.#key = listKey(service.name, channel ?? SERVICE_CHANNEL);
    this.#goOn = goOn;
  }

  /** Presence has changed: counts the change, and posts it unless another process is about to. */
  async changed(change: Change = { users: [] }): Promise<void> {
    if (await this.count(change)) await this.post();
  }

  /** Counts a change. Returns whether the caller should post it, because no other process is about to. */
  async count(change: Change): Promise<boolean> {
    const { table, clock } = this.service.backend;
    const now = clock.now();
    // The list of everyone exists as long as its service. Lists of channels come and go.
    const expires = this.#channel !== undefined && {
      set: { expiresAt: expiryAfter(now, LAST_RESORT_SECONDS) },
      setIfAbsent: { base: now },
    };
    const list = await table.update(this.#key, { add: { rev: 1 }, ...expires }, always);
    if (!list) return false;
    if (this.form.differences) {
      const { users, newcomer } = change;
      const expiresAt = expiryAfter(now, CHANGES_KEPT_SECONDS);
      await table.put(
        { ...changeKey(this.#key.pk, list.rev as number), users, ...(newcomer && { newcomer }), expiresAt },
        always,
      );
    }
    return !this.#isHeld(list);
  }

  /** Posts pending changes, unless another process does. */
  async post(): Promise<void> {
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
    if (lease) await this.#postRounds(poster, lease);
  }

  /** Sends the list to a new client, and again if it has changed in the meantime. */
  async tell(write: (frame: string) => Promise<void>): Promise<void> {
    const { clock } = this.service.backend;
    for (let list = await this.#list(); ; ) {
      const frames = listFrames(this.form, this.form.entriesOf(await this.members()), revisionOf(list));
      for (const frame of frames) await write(frame);
      const now = await this.#list();
      if (now.rev === list.rev || clock.now() + GATHERING_MILLISECONDS > this.service.deadline) return;
      list = now;
      await sleep(clock, GATHERING_MILLISECONDS);
    }
  }

  /** Posts the list if an earlier post was missed, or if members have changed without notice. */
  async mend(): Promise<void> {
    const list = await this.service.backend.table.get(this.#key);
    if (list && this.#isHeld(list)) return;
    const entries = this.form.entriesOf(await this.members());
    if (!list && entries.length === 0) return;
    if (list?.posted === list?.rev && list?.hash === fingerprintOf(entries)) return;
    // The affected users are unknown. A missing change causes a whole list to be sent.
    const { table } = this.service.backend;
    const counted = await table.update(this.#key, { add: { rev: 1 } }, always);
    if (counted) await this.post();
  }

  /** Everyone, identified or not, in the order of identification. */
  async members(): Promise<Member[]> {
    const { service } = this;
    const read =
      this.#channel === undefined ? service.members() : service.channels.members(service.name, this.#channel);
    const members: Member[] = [];
    for await (const member of read) members.push(member);
    return members.sort(
      (a, b) => (a.namedAt ?? 0) - (b.namedAt ?? 0) || (a.webSocketId < b.webSocketId ? -1 : 1),
    );
  }

  async #postRounds(poster: string, lease: Item): Promise<void> {
    const { table, clock } = this.service.backend;
    const until = lease.until as number;
    let seen = lease;
    while (clock.now() + ROUND_MILLISECONDS <= until) {
      const list = await this.#gathered(seen);
      if (list?.poster !== poster) return;
      seen = list;
      const hash = await this.#postRound(list);
      const done = await table.update(
        this.#key,
        { set: { posted: list.rev as number, ...hash }, remove: ['poster', 'until'] },
        all(equals('poster', poster), equals('rev', list.rev as number)),
      );
      if (done) return;
    }
    const free = { remove: ['poster', 'until'] };
    // Changes keep coming, but this invocation runs out of time.
    if (await table.update(this.#key, free, equals('poster', poster))) await this.#goOn();
  }

  /** Returns the list's item when no change has arrived for a moment, or when the wait has been long enough. */
  async #gathered({ rev: atFirst }: Item): Promise<Item | undefined> {
    const { table, clock } = this.service.backend;
    const begun = clock.now();
    for (let seen = atFirst; ; ) {
      await sleep(clock, GATHERING_MILLISECONDS);
      const list = await table.get(this.#key);
      if (!list || list.rev === seen) return list;
      const crowd = Math.max(
        (list.told as number | undefined) ?? 0,
        (list.rev as number) - Number(list.posted ?? 0),
      );
      const longest = Math.min(
        LONGEST_GATHERING_MILLISECONDS,
        GATHERING_MILLISECONDS + crowd * GATHERING_PER_MEMBER_MILLISECONDS,
      );
      if (clock.now() - begun + GATHERING_MILLISECONDS > longest) return list;
      seen = list.rev;
    }
  }

  /** The revision is read before the changes and the members, so these include every change that it counts. */
  async #postRound(list: Item): Promise<{ hash: string; told: number }> {
    const changes = await this.#changesUpTo(list);
    const members = await this.members();
    const { entriesHash, groups } = presenceFrames(this.form, {
      ...{ members, changes, revision: revisionOf(list) },
      since: revisionOf(list, Number(list.posted ?? 0)),
    });
    for (const { frames, to } of groups) await this.#deliver(frames, to);
    return { hash: entriesHash, told: members.length };
  }

  async #deliver(frames: string[], to: Member[]): Promise<void> {
    for (const frame of frames) await this.service.deliverAlone(frame, to);
  }

  /**
   * What has changed since the list was last posted; `undefined` if that is unknown, or too much to send one by one.
   */
  async #changesUpTo({ rev, posted }: Item): Promise<Change[] | undefined> {
    if (!this.form.differences || (posted === undefined && !this.form.sendsNoLists)) return undefined;
    const [last, first] = [rev as number, (posted ?? 0) as number];
    if (last - first > MAX_CHANGES) return undefined;
    const { pk } = this.#key;
    const { items } = await this.service.backend.table.query({
      ...{ pk, prefix: CHANGE_PREFIX, after: changeKey(pk, first), limit: MAX_CHANGES },
    });
    const changes = items.filter((item) => revOfChange(item) <= last);
    return changes.length === last - first ? changes.map(changeOf) : undefined;
  }

  #isHeld(list: Item): boolean {
    return list.poster !== undefined && (list.until as number) > this.service.backend.clock.now();
  }

  async #list(): Promise<Item> {
    return (await this.service.backend.table.get(this.#key)) ?? { ...this.#key, rev: 0 };
  }
}

function changeOf({ users, newcomer }: Item): Change {
  return { users: users as string[], ...(newcomer !== undefined && { newcomer: newcomer as string }) };
}
