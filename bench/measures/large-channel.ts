/**
 * Measures one publication to thousands of sockets, some of which have vanished. It is split over workers of the
 * service's function.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { backendFromEnvironment, type DeliveryReport, type FanOutOptions, Service } from '../../lib';
import { OPENING_WINDOW_MILLISECONDS } from '../../lib/connections/opening-window';
import { Crowd } from '../crowd';
import { ServerProcess } from '../server-process';

/**
 * The gateway's rate. The result is how close a delivery comes to it, and does not depend on the speed of this
 * machine.
 */
const RATE = { perSecond: 2_000, burst: 1_000 };
/** A long limit, which only a busy machine needs. */
const LONGEST_POST_MILLIS = 60_000;
const LONGEST_SETTLING_MILLIS = 240_000;
const MARGIN_MILLIS = 1_000;
/** Few concurrent posts, none of which times out, because a busy machine accepts no more connections at a time. */
const OPTIONS: FanOutOptions = {
  ...{ rate: RATE, concurrency: 10, inlineMembers: 500, workerMembers: 500 },
  slowMilliseconds: LONGEST_POST_MILLIS,
  timeoutMilliseconds: LONGEST_POST_MILLIS,
  waitMilliseconds: LONGEST_SETTLING_MILLIS,
};

export interface LargeChannel {
  connections: number;
  vanished: number;
  /** The frames that the remaining clients have received. */
  received: number;
  report: DeliveryReport;
  /** The shortest possible time at the gateway's rate. */
  floorSeconds: number;
  /** The departures that were reported to the service afterwards. */
  settled: number;
  /** The result of a second publication. */
  afterwards: DeliveryReport;
}

/**
 * `start` runs the app, and this process publishes. The gateway loses every `$disconnect`, so that only the delivery
 * notices vanished clients.
 */
export async function measureLargeChannel(
  start: string[],
  directory: string,
  { connections, vanished }: { connections: number; vanished: number },
): Promise<LargeChannel> {
  const quotas = [`requests=${RATE.perSecond}`, `burst=${RATE.burst}`, 'new-connections=999999999'];
  const server = await ServerProcess.start(
    [
      ...[...start, '--app', 'bench/app', '--fault', 'lost-disconnect=1'],
      ...quotas.flatMap((quota) => ['--quota', quota]),
    ],
    directory,
  );
  try {
    Object.assign(process.env, server.exported);
    const service = new Service('library', { backend: backendFromEnvironment() });
    const crowd = await Crowd.connect(server.url('library'), connections);
    crowd.vanish(vanished);
    // From now on, a 410 proves that a connection is gone.
    await wait(OPENING_WINDOW_MILLISECONDS + MARGIN_MILLIS);
    server.forgetDepartures();
    const present = connections - vanished;
    const report = await deliver(service, crowd, present);
    const { received } = crowd;
    await server.departuresReach(report.gone, LONGEST_SETTLING_MILLIS);
    return {
      ...{ connections, vanished, received, report },
      floorSeconds: (connections - RATE.burst) / RATE.perSecond,
      settled: server.departures,
      afterwards: await deliver(service, crowd, present),
    };
  } finally {
    await server.stop();
  }
}

async function deliver(service: Service, crowd: Crowd, members: number): Promise<DeliveryReport> {
  let report: DeliveryReport | undefined;
  await crowd.hear(members, async () => {
    report = await service.deliver('hello', OPTIONS);
  });
  return report as DeliveryReport;
}
