/** The path of a closed connection: `$disconnect` runs once, and the gateway stops only after it has. */
import type { Clock } from '../clock';
import type { Faults } from '../faults/faults';
import { type AccessLog, integrationTrace, statusOf } from './access-log';
import type { CloseCause } from './close-codes';
import type { Connection } from './connection';
import { disconnectContext, disconnectEvent } from './events';
import type { Ids } from './ids';
import type { Integrations } from './integrations/integration';

export interface DisconnectFlowParts {
  integrations: Integrations;
  accessLog: AccessLog;
  ids: Ids;
  clock: Clock;
  faults: Faults | undefined;
}

export class DisconnectFlow {
  readonly #parts: DisconnectFlowParts;
  /** Connections whose `$disconnect` has not run yet. */
  #pending = 0;
  #isClosing = false;
  /** End the delays of late `$disconnect` events. */
  readonly #endDelays = new Set<() => void>();
  #whenDone: (() => void)[] = [];

  constructor(parts: DisconnectFlowParts) {
    this.#parts = parts;
  }

  /** To be called for each connection that opens. */
  opened(): void {
    this.#pending++;
  }

  async handle(connection: Connection, cause: CloseCause): Promise<void> {
    const { clock, ids, faults, integrations, accessLog } = this.#parts;
    const route = connection.stage.disconnectRoute;
    if (route && !faults?.strikes('lost-disconnect', connection.connectionId)) {
      const request = { requestId: ids.requestId(), time: clock.now() };
      const event = disconnectEvent(connection, request, cause);
      const delayMillis = faults?.delayMillis('late-disconnect', connection.connectionId) ?? 0;
      if (delayMillis > 0 && !this.#isClosing) await this.#delay(delayMillis);
      const begun = clock.now();
      const outcome = await integrations.run(route, event, connection.connectionId);
      const latencyMillis = clock.now() - begun;
      accessLog.write(connection.stage, () => ({
        context: disconnectContext(connection, request, cause),
        status: statusOf(outcome),
        integration: integrationTrace(outcome, latencyMillis),
      }));
    }
    if (--this.#pending > 0) return;
    for (const resolve of this.#whenDone.splice(0)) resolve();
  }

  /** Delivers late events now. Resolves once `$disconnect` has run for every connection that has opened. */
  async close(): Promise<void> {
    this.#isClosing = true;
    for (const endDelay of this.#endDelays) endDelay();
    if (this.#pending > 0) await new Promise<void>((resolve) => this.#whenDone.push(resolve));
  }

  #delay(delayMillis: number): Promise<void> {
    return new Promise((resolve) => {
      const alarm = this.#parts.clock.after(delayMillis, () => end());
      const end = () => {
        alarm.cancel();
        this.#endDelays.delete(end);
        resolve();
      };
      this.#endDelays.add(end);
    });
  }
}
