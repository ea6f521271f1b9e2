/** Counts the numbers in the table of docs/costs.md again: what each step uses, and whether the page is correct. */
import { allSteps } from '../steps/all-steps';
import { COLUMNS, documentedCosts } from '../steps/documented-costs';
import type { Step } from '../steps/step';

/** The columns of the table, in the page's order. */
export async function measureSteps(): Promise<string[][]> {
  const documented = documentedCosts();
  const place = ({ name }: Step) => [...documented.keys()].indexOf(name);
  const steps = (await allSteps()).sort((one, other) => place(one) - place(other));
  return [
    ['step', ...COLUMNS.map(({ heading }) => heading), 'docs/costs.md'],
    ...steps.map(({ name, cost }) => {
      const said = documented.get(name);
      const isSaid = COLUMNS.every(({ of }) => said?.[of] === cost[of]);
      const numbers = COLUMNS.map(({ of }) => cost[of].toLocaleString('en-US'));
      return [name, ...numbers, isSaid ? 'says so' : said ? 'says something else' : 'does not have it'];
    }),
  ];
}
