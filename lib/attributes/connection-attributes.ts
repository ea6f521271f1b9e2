/**
 * The attributes of one connection in one hook. Each changed attribute is saved by itself, under a revision: a
 * process that has not seen the latest change has to read again.
 */
import type { Backend } from '../backend';
import { sleep } from '../clock';
import { type Connection, connectionKey, toConnection } from '../connections/connection-items';
import { identityOf, type KnownIdentity } from '../connections/identity';
import { AttributesNotSavedError } from '../errors';
import { absent, all, any, type Condition, equals } from '../table/conditions';
import type { Value } from '../table/item';

export type Attributes = Record<string, Value>;

/** How often a save is retried after other processes changed the attributes first. */
const MAX_ATTEMPTS = 12;
const FIRST_PAUSE_MILLISECONDS = 5;
const LONGEST_PAUSE_MILLISECONDS = 200;

export class ConnectionAttributes {
  /** The attributes that the hook reads and changes. */
  readonly values: Attributes;
  /** The attributes as they were last read or saved. */
  #seen: Attributes;
  #revision: number;

  constructor(
    private readonly webSocketId: string,
    { attributes, attributesRevision = 0 }: Pick<Connection, 'attributes' | 'attributesRevision'>,
    private readonly backend: Pick<Backend, 'table' | 'clock' | 'random' | 'token'>,
  ) {
    this.values = structuredClone(attributes);
    this.#seen = structuredClone(attributes);
    this.#revision = attributesRevision;
  }

  /** How many changes the connection had seen when it was last read or saved. */
  get revision(): number {
    return this.#revision;
  }

  /**
   * Saves what has changed since the last read. If two hooks save at the same time, both changes are kept; if both
   * changed the same attribute, the later one wins. After the connection has closed, nothing is saved.
   * @throws AttributesNotSavedError if other processes kept changing the attributes first
   */
  async save(): Promise<void> {
    const changed = this.#changedNames();
    if (changed.length === 0) return;
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
      const next = structuredClone(this.#seen);
      take(changed, this.values, next);
      if (await this.#write(next)) return this.#see(next, this.#revision + 1);
      const connection = await this.#read();
      if (connection?.state !== 'open') return;
      this.#see(connection.attributes, connection.attributesRevision ?? 0, changed);
      const longest = Math.min(FIRST_PAUSE_MILLISECONDS * 2 ** attempt, LONGEST_PAUSE_MILLISECONDS);
      await sleep(this.backend.clock, this.backend.random() * longest);
    }
    throw new AttributesNotSavedError(this.webSocketId, changed, MAX_ATTEMPTS);
  }

  /**
   * Reads what others have changed, and keeps local changes that are not saved yet. Returns the connection's user; `undefined` if the
   * connection is not in the table.
   */
  async refresh(): Promise<KnownIdentity | undefined> {
    const changed = this.#changedNames();
    const connection = await this.#read();
    if (connection) this.#see(connection.attributes, connection.attributesRevision ?? 0, changed);
    return connection && identityOf(connection);
  }

  /** A token for each attempt, so a late duplicate of an earlier attempt cannot pass for the successful one. */
  async #write(attributes: Attributes): Promise<boolean> {
    const token = this.backend.token();
    const item = await this.backend.table.update(
      connectionKey(this.webSocketId),
      { set: { attributes, attributesRevision: this.#revision + 1, attributesToken: token } },
      all(equals('state', 'open'), any(equals('attributesToken', token), revisionIs(this.#revision))),
    );
    return item !== undefined;
  }

  async #read(): Promise<Connection | undefined> {
    const item = await this.backend.table.get(connectionKey(this.webSocketId));
    return item && toConnection(item);
  }

  /** Takes over the stored attributes, except those with unsaved changes. */
  #see(now: Attributes, revision: number, unsaved: string[] = []): void {
    const others = [...new Set([...Object.keys(this.values), ...Object.keys(now)])];
    take(
      others.filter((name) => !unsaved.includes(name)),
      now,
      this.values,
    );
    this.#seen = structuredClone(now);
    this.#revision = revision;
  }

  #changedNames(): string[] {
    const names = new Set([...Object.keys(this.#seen), ...Object.keys(this.values)]);
    return [...names].filter((name) => json(this.#seen[name]) !== json(this.values[name]));
  }
}

function revisionIs(revision: number): Condition {
  return revision === 0 ? absent('attributesRevision') : equals('attributesRevision', revision);
}

/** An attribute that is missing or undefined in `from` is removed. */
function take(names: string[], from: Attributes, to: Attributes): void {
  for (const name of names) {
    const value: Value | undefined = from[name];
    if (value === undefined) delete to[name];
    else to[name] = structuredClone(value);
  }
}

function json(value: Value | undefined): string | undefined {
  return JSON.stringify(value);
}
