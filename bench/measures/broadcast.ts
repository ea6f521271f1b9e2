/** How fast one message reaches a crowd, when one handler posts it to everyone. */
import { Crowd } from '../crowd';
import type { Row } from '../page';
import { alternate, type Side, type Sides } from './sides';

const CONNECTIONS = 2_000;
const ROUNDS = 5;
/** Both sides' posters differ by what is said (app/library). */
const WAYS = [
  { what: "the library's deliver", text: 'broadcast' },
  { what: 'the SDK in the handler', text: 'broadcast through the SDK' },
];

export async function measureBroadcast(sides: Sides): Promise<Row[]> {
  const crowds = {
    [sides.ours.url]: await Crowd.connect(sides.ours.url, CONNECTIONS),
    [sides.baseline.url]: await Crowd.connect(sides.baseline.url, CONNECTIONS),
  };
  const rows: Row[] = [];
  for (const { what, text } of WAYS) {
    const broadcast = async ({ url }: Side) => {
      const begun = performance.now();
      await crowds[url]?.say(text, CONNECTIONS);
      return CONNECTIONS / ((performance.now() - begun) / 1_000);
    };
    for (const side of [sides.ours, sides.baseline]) await broadcast(side);
    const samples = await alternate(sides, ROUNDS, broadcast);
    rows.push({
      what: `${what}, to ${CONNECTIONS}`,
      unit: 'deliveries/s',
      ...samples,
      better: 'higher',
    });
  }
  const departures = [sides.ours, sides.baseline].map(async ({ server, url }) => {
    server.forgetDepartures();
    crowds[url]?.vanish();
    await server.departuresReach(CONNECTIONS, 30_000);
  });
  await Promise.all(departures);
  return rows;
}
