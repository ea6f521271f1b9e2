import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type SimulatedDelivery, simulateDelivery } from '../../bench/measures/million';

jest.setTimeout(900_000);

/** Rounded as on the page. */
function row(members: number, { report, floorSeconds, ...counted }: SimulatedDelivery): string {
  const { invocations, readUnits, writeUnits, gigabyteSeconds, dollars } = counted;
  const cells = [members, invocations, readUnits, writeUnits].map((number) => number.toLocaleString('en-US'));
  const seconds = [report.seconds, floorSeconds].map((number) => `${number.toFixed(1)} s`);
  return `| ${[...cells, `${gigabyteSeconds.toFixed(0)} GB-s`, ...seconds, `$${dollars.toFixed(3)}`].join(' | ')} |`;
}

describe('a simulated delivery to very many connections', () => {
  it.each([10_000, 100_000, 1_000_000])('to %d costs what docs/costs.md says', async (members) => {
    const delivery = await simulateDelivery(members);
    expect(delivery.report).toMatchObject({ members, sent: members, throttled: 0, unfinished: 0 });
    expect(delivery.posts).toBe(members);
    const page = readFileSync(join(__dirname, '../../docs/costs.md'), 'utf8');
    const rows = page.split('\n').filter((line) => line.startsWith(`| ${members.toLocaleString('en-US')} |`));
    expect(rows).toEqual([row(members, delivery)]);
  });
});
