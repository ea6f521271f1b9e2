/**
 * When a client's connection and its subscriptions expire: kept in its attributes, and noted for the sweep. Also kept is
 * which info about the user all rows of the connection have.
 */
import { fingerprintOf } from '../messages/fingerprint';
import { type ConnectionState, keepState, stateIn } from './connection-state';
import { Expirations, isExpired } from './expirations';
import { errors } from './realtime-errors';
import type { RealtimeHooks } from './realtime-hooks';

/** What an answer says of it. */
export interface Lifetime {
  expires?: true;
  ttl?: number;
}

export class ConnectionLifetime {
  #state: ConnectionState;
  #saved: Promise<void> = Promise.resolve();

  constructor(private readonly server: RealtimeHooks) {
    this.#state = stateIn(server.attributes);
  }

  /** Whether the client's `connect` was accepted. Another environment may have done so. */
  async isConnected(): Promise<boolean> {
    if (this.#state.isConnected) return true;
    await this.server.refreshAttributes();
    this.#state = stateIn(this.server.attributes);
    return this.#state.isConnected;
  }

  /** Whether `connect` was accepted, as far as this environment knows. */
  get hasBegun(): boolean {
    return this.#state.isConnected;
  }

  get isOver(): boolean {
    return isExpired(this.#state.expiresAt, this.#now());
  }

  /** Whether all rows of the connection have the info that the connection itself has. */
  get isInfoInAllRows(): boolean {
    return this.#state.fingerprint === this.#infoFingerprint;
  }

  /** All rows of the connection have its info. `begin` and `renew` save that. */
  noteInfo(): void {
    const { fingerprint: _, ...others } = this.#state;
    const fingerprint = this.#infoFingerprint;
    this.#state = { ...others, ...(fingerprint !== undefined && { fingerprint }) };
  }

  /** No info is in all rows. */
  async forgetInfo(): Promise<void> {
    const { fingerprint, ...others } = this.#state;
    if (fingerprint === undefined) return;
    this.#state = others;
    keepState(this.server.attributes, others);
    await this.#save();
  }

  /** The client has connected. */
  begin(expiresAt: number | undefined): Promise<void> {
    return this.#keep(expiresAt, {});
  }

  /** The client has renewed its token. */
  renew(expiresAt: number | undefined): Promise<void> {
    return this.#keep(expiresAt, this.#state.subscriptions);
  }

  /** A subscription expires then, or no longer does. */
  async expire(channel: string, expiresAt: number | undefined): Promise<void> {
    const { [channel]: before, ...others } = this.#state.subscriptions;
    if (before === expiresAt) return;
    const subscriptions = { ...others, ...(expiresAt !== undefined && { [channel]: expiresAt }) };
    this.#state = { ...this.#state, subscriptions };
    keepState(this.server.attributes, this.#state);
    await this.#save();
    if (expiresAt === undefined) return;
    await new Expirations(this.server.service).note(this.server.webSocketId, expiresAt, channel);
  }

  /** @throws RealtimeError if it is over already */
  until(expiresAt: number | undefined): Lifetime {
    if (expiresAt === undefined) return {};
    const seconds = Math.ceil((expiresAt - this.#now()) / 1_000);
    if (seconds <= 0) throw errors.tokenExpired();
    return { expires: true, ttl: seconds };
  }

  async #keep(expiresAt: number | undefined, subscriptions: ConnectionState['subscriptions']): Promise<void> {
    const { attributes, service, webSocketId } = this.server;
    const { fingerprint } = this.#state;
    this.#state = {
      isConnected: true,
      ...(expiresAt !== undefined && { expiresAt }),
      ...(fingerprint !== undefined && { fingerprint }),
      subscriptions,
    };
    keepState(attributes, this.#state);
    await this.#save();
    if (expiresAt !== undefined) await new Expirations(service).note(webSocketId, expiresAt);
  }

  /** One after the other: what a later one has to save, an earlier one may have saved already. */
  #save(): Promise<void> {
    const saved = this.#saved.then(() => this.server.saveAttributes());
    this.#saved = saved.catch(() => {});
    return saved;
  }

  /** `undefined` without info. */
  get #infoFingerprint(): string | undefined {
    const { info } = this.server;
    return info === undefined ? undefined : fingerprintOf(info);
  }

  #now(): number {
    return this.server.service.backend.clock.now();
  }
}
