/**
 * Simulates a delivery to more sockets than a machine can hold. The library's code runs unchanged, with its caller
 * and its workers concurrently, against a clock that skips waits, a table that generates the members' rows, and a
 * gateway that responds to every post after 20 ms.
 */
import { randomUUID } from 'node:crypto';
import { createHandlers, type DeliveryReport, Service, WebSocketServer } from '../../lib';
import { ACCOUNT_RATE } from '../../lib/delivery/pace';
import { MemoryTable } from '../../lib/testing';
import { SimulatedClock } from '../simulated-clock';
import { SimulatedCrowd } from '../simulated-crowd';

const SERVICE = 'chat';
const POST_MILLISECONDS = 20;
/** The defaults of the construct's `server` function. */
const SERVER_MILLISECONDS = 120_000;
const SERVER_GIGABYTES = 0.25;
/** The time from the request for a worker until its code runs. */
const START_MILLISECONDS = 500;
/** Prices in us-east-1, per million. */
const PRICES = { posts: 1, readUnits: 0.125, writeUnits: 0.625, invocations: 0.2, gigabyteSeconds: 13.3334 };

export interface SimulatedDelivery {
  report: DeliveryReport;
  /** The shortest possible time with the account's quota. */
  floorSeconds: number;
  posts: number;
  readUnits: number;
  writeUnits: number;
  /** The invocations of workers. */
  invocations: number;
  gigabyteSeconds: number;
  dollars: number;
}

export async function simulateDelivery(members: number): Promise<SimulatedDelivery> {
  const clock = new SimulatedClock();
  const table = new SimulatedCrowd(SERVICE, members, new MemoryTable(clock));
  let posts = 0;
  let invocations = 0;
  let milliseconds = 0;
  let underWay = 0;
  let allOver = () => {};
  const wait = (time: number) => new Promise<void>((resolve) => void clock.after(time, resolve));
  const connections = {
    async post(): Promise<'sent'> {
      posts++;
      await wait(POST_MILLISECONDS);
      return 'sent';
    },
    get: async () => undefined,
    delete: async () => 'gone' as const,
  };
  const invoker = { invoke: async (_function: string, request: unknown) => void work(request) };
  const backend = { table, connections, invoker, clock, random: Math.random, token: randomUUID };
  const environment = { SERVICE_NAME: SERVICE, AWS_LAMBDA_FUNCTION_NAME: 'server' };
  const { server } = createHandlers(class Crowd extends WebSocketServer {}, { backend, environment });

  async function work(request: unknown): Promise<void> {
    underWay++;
    await wait(START_MILLISECONDS);
    const begun = clock.now();
    invocations++;
    const getRemainingTimeInMillis = () => begun + SERVER_MILLISECONDS - clock.now();
    await server(request as Parameters<typeof server>[0], {
      awsRequestId: randomUUID(),
      getRemainingTimeInMillis,
    });
    milliseconds += clock.now() - begun;
    if (--underWay === 0) allOver();
  }

  const begun = clock.now();
  const { id } = await clock.run(new Service(SERVICE, { backend }).deliver('hello'));
  milliseconds += clock.now() - begun;
  if (underWay > 0) {
    const over = new Promise<void>((resolve) => {
      allOver = resolve;
    });
    await clock.run(over);
  }
  const report = await new Service(SERVICE, { backend }).report(id);
  if (!report) throw new Error(`${members} members are too few: the delivery was not split.`);
  const gigabyteSeconds = (milliseconds / 1_000) * SERVER_GIGABYTES;
  const { readUnits, writeUnits } = table;
  const counted = { posts, readUnits, writeUnits, invocations, gigabyteSeconds };
  const dollars = Object.entries(PRICES).reduce(
    (sum, [name, price]) => sum + (counted[name as keyof typeof PRICES] * price) / 1_000_000,
    0,
  );
  const floorSeconds = (members - ACCOUNT_RATE.burst) / ACCOUNT_RATE.perSecond;
  return { report, floorSeconds, ...counted, dollars };
}
