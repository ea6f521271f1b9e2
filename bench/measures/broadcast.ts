/** Measures how fast one message reaches many clients if one handler posts it to all of them. */
import { Crowd } from '../crowd';
import type { Row } from '../page';
import { alternate, type Side, type Sides } from './sides';

const CONNECTIONS = 2_000;
const ROUNDS = 5;
/** The code of a poster is optimized only after several thousand posts. */
const WARMING_ROUNDS = 3;
const SDK = 'broadcast through the SDK';
const RAW = 'broadcast raw';
/** The comparisons. The text that the first client sends selects the poster (app/library, baseline.cjs). */
const COMPARED: { what: string; ours: string; baseline: string; with: 'baseline' | 'ours' }[] = [
  { what: "the library's deliver", ours: 'broadcast', baseline: 'broadcast', with: 'baseline' },
  { what: 'the same (bare: raw posts)', ours: 'broadcast', baseline: 'broadcast raw', with: 'baseline' },
  { what: 'the SDK in the handler', ours: SDK, baseline: 'broadcast', with: 'baseline' },
  {
    what: "deliver, beside the SDK's loop in the same handler",
    ours: 'broadcast',
    baseline: SDK,
    with: 'ours',
  },
  { what: 'deliver, beside raw posts in the same handler', ours: 'broadcast', baseline: RAW, with: 'ours' },
];

export async function measureBroadcast(sides: Sides): Promise<Row[]> {
  const crowds = {
    [sides.ours.url]: await Crowd.connect(sides.ours.url, CONNECTIONS),
    [sides.baseline.url]: await Crowd.connect(sides.baseline.url, CONNECTIONS),
  };
  const rows: Row[] = [];
  for (const { what, ours, baseline, with: other } of COMPARED) {
    const compared = { ours: { ...sides.ours, text: ours }, baseline: { ...sides[other], text: baseline } };
    const broadcast = async ({ url, text }: Side & { text: string }) => {
      const begun = performance.now();
      await crowds[url]?.say(text, CONNECTIONS);
      return CONNECTIONS / ((performance.now() - begun) / 1_000);
    };
    for (const side of [compared.ours, compared.baseline]) {
      for (let n = 0; n < WARMING_ROUNDS; n++) await broadcast(side);
    }
    const samples = await alternate(compared, ROUNDS, broadcast);
    rows.push({ what: `${what}, to ${CONNECTIONS}`, unit: 'deliveries/s', ...samples, better: 'higher' });
  }
  const departures = [sides.ours, sides.baseline].map(async ({ server, url }) => {
    server.forgetDepartures();
    crowds[url]?.vanish();
    await server.departuresReach(CONNECTIONS, 30_000);
  });
  await Promise.all(departures);
  return rows;
}
