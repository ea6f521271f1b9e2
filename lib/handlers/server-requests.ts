/** What a service's `server` function does: runs `server()`, cleans up departures, does the upkeep. */
import { tellsPresence } from '../channels/channel-rules';
import { LoggedChannels } from '../channels/log/logged-channels';
import type { MemberKey } from '../connections/connection-items';
import { ConnectionStore } from '../connections/connection-store';
import { awaitOpening } from '../connections/opening';
import { DedicatedSocket } from '../dedicated/dedicated-socket';
import { dedicatedConnection } from '../dedicated/dedication';
import { Slots } from '../delivery/slots';
import { Settlement } from '../departures/settlement';
import { Sweep, type SweepReport } from '../departures/sweep';
import { InvalidUseError } from '../errors';
import { deliverShare } from '../fan-out/share-delivery';
import type { ServiceRequest } from '../invocations/invoker';
import { overrides } from '../server/server-hooks';
import { SharedServer } from '../server/shared-server';
import { Service } from '../service';
import { runEvery } from '../steps';
import { deadlineOf } from './deadline';
import { departureHooks } from './departure';
import type { LambdaContext } from './events';
import type { ServiceFunction } from './service-function';

const SETTLEMENTS_AT_A_TIME = 10;
/**
 * When the sweep stops repairing logs, and then presence lists, as shares of its time. The rest is for everything
 * else.
 */
const LOGS_END = 0.4;
const PRESENCE_END = 0.6;

export class ServerRequests {
  readonly #store: ConnectionStore;

  constructor(private readonly shared: ServiceFunction) {
    this.#store = new ConnectionStore(shared.backend.table, shared.backend.clock);
  }

  /** A sweep returns its report. The other requests return nothing. */
  async handle(request: ServiceRequest, context: LambdaContext): Promise<SweepReport | undefined> {
    switch (request.type) {
      case 'server':
        await this.#runServer(request.webSocketId, context);
        return undefined;
      case 'settle':
        await this.#settle(request.members, context);
        return undefined;
      case 'deliver':
        await deliverShare(this.#service(context), request.share, context.awsRequestId, (share) =>
          this.shared.backend.invoker.invoke(this.shared.serverFunction, { ...request, share }),
        );
        return undefined;
      case 'sweep':
        return this.#sweep(context);
      case 'upkeep':
        await this.#upkeep(this.#service(context));
        return undefined;
      case 'presence':
        await this.#service(context).presence.post(request.channel);
        return undefined;
      case 'post':
        await this.#service(context).channel(request.channel).post(request.range);
        return undefined;
      default:
        throw new InvalidUseError(
          `The server function of ${this.shared.serviceName} was invoked with ${JSON.stringify(request)}, whose type is unknown. It must be "server", "settle", "deliver", "sweep", "upkeep", "presence" or "post".`,
        );
    }
  }

  async #runServer(webSocketId: string, context: LambdaContext): Promise<void> {
    const dedicated = await dedicatedConnection(this.shared, webSocketId);
    if (!dedicated) return this.#runSharedServer(webSocketId, context);
    const settlement = this.#settlement(context);
    await new DedicatedSocket(dedicated, this.shared, this.#service(context), settlement).run();
  }

  /**
   * Lambda delivers at least once. A second delivery finds that another request runs it; a retry of this one
   * continues.
   */
  async #runSharedServer(webSocketId: string, context: LambdaContext): Promise<void> {
    const { backend } = this.shared;
    const { awsRequestId } = context;
    const until = backend.clock.now() + context.getRemainingTimeInMillis();
    const connection = await this.#store.start(webSocketId, awsRequestId, until);
    if (!connection) return;
    const service = this.#service(context);
    const opening = await awaitOpening(backend, connection, service.deadline);
    if (opening === 'open') return new SharedServer(connection, awsRequestId, this.shared, service).run();
    await this.#store.postpone(webSocketId, awsRequestId);
    if (opening === 'gone') await this.#settlement(context).suspected(connection);
  }

  /** One failed cleanup does not delay the others. Lambda then delivers the request again. */
  async #settle(members: MemberKey[], context: LambdaContext): Promise<void> {
    const settlement = this.#settlement(context);
    const slots = new Slots(SETTLEMENTS_AT_A_TIME);
    const outcomes = await Promise.allSettled(
      members.map(async (member) => {
        const release = await slots.takeOnce();
        try {
          return await settlement.suspected(member);
        } finally {
          release();
        }
      }),
    );
    const failed = outcomes.filter((outcome) => outcome.status === 'rejected');
    if (failed.length > 0) {
      throw new AggregateError(
        failed.map(({ reason }) => reason),
        `${failed.length} of ${members.length} departures could not be cleaned up: ${String(failed[0]?.reason)}`,
      );
    }
  }

  /** Mending comes first, because checking everyone may take all the time that is there. */
  async #sweep(context: LambdaContext): Promise<SweepReport | undefined> {
    const { ServerClass, serviceName } = this.shared;
    const service = this.#service(context);
    const [logs, presence] = [this.#service(context, LOGS_END), this.#service(context, PRESENCE_END)];
    let report: SweepReport | undefined;
    await runEvery([
      () => new LoggedChannels(logs).mendAll((channel) => logs.channel(channel).mend()),
      () => this.#mendPresence(presence),
      async () => {
        report = await new Sweep(service, this.#settlement(context)).run();
        console.log(JSON.stringify({ sweep: serviceName, ...report }));
      },
      async () => ServerClass.onSweep?.(service),
      async () => this.shared.upkeep?.(service),
    ]);
    return report;
  }

  async #upkeep(service: Service): Promise<void> {
    await this.#mendPresence(service);
    await this.shared.upkeep?.(service);
  }

  async #mendPresence(service: Service): Promise<void> {
    if (tellsPresence(service.channelRules)) await service.presence.mendAll();
  }

  #settlement(context: LambdaContext): Settlement {
    const { ServerClass, backend } = this.shared;
    const hooks = departureHooks(this.shared, context);
    if (!overrides(ServerClass, 'server')) return new Settlement(backend, hooks);
    return new Settlement(backend, hooks, ({ serverFunction, webSocketId }) =>
      backend.invoker.invoke(serverFunction, { type: 'server', webSocketId }),
    );
  }

  /** With this share of the time that is left. */
  #service(context: LambdaContext, share = 1): Service {
    const { backend, serviceName, serverFunction, ServerClass: serverClass } = this.shared;
    const now = backend.clock.now();
    const deadline = now + Math.floor((deadlineOf(context, backend.clock) - now) * share);
    return new Service(serviceName, { backend, serverFunction, serverClass, deadline });
  }
}
