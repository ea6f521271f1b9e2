/** How fast one message reaches a crowd, when one handler posts it to everyone through the SDK. */
import { Crowd } from '../crowd';
import type { Row } from '../page';
import { alternate, type Sides } from './sides';

const CONNECTIONS = 2_000;
const ROUNDS = 5;

export async function measureBroadcast(sides: Sides): Promise<Row[]> {
  const crowds = {
    [sides.ours.url]: await Crowd.connect(sides.ours.url, CONNECTIONS),
    [sides.baseline.url]: await Crowd.connect(sides.baseline.url, CONNECTIONS),
  };
  const broadcast = async ({ url }: { url: string }) => {
    const begun = performance.now();
    await crowds[url]?.say('broadcast', CONNECTIONS);
    return CONNECTIONS / ((performance.now() - begun) / 1_000);
  };
  for (const side of [sides.ours, sides.baseline]) await broadcast(side);
  const samples = await alternate(sides, ROUNDS, broadcast);
  const departures = [sides.ours, sides.baseline].map(async ({ server, url }) => {
    server.forgetDepartures();
    crowds[url]?.vanish();
    await server.departuresReach(CONNECTIONS, 30_000);
  });
  await Promise.all(departures);
  return [{ what: `broadcast to ${CONNECTIONS}`, unit: 'deliveries/s', ...samples, better: 'higher' }];
}
