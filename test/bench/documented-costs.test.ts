import { documentedCosts } from '../../bench/steps/documented-costs';

describe('documentedCosts', () => {
  const head = '| step | calls | write units | read units | Lambda | posts | what they are |\n|---|---|';

  it('reads the numbers of each step, up to the end of the table', () => {
    const page = `Text\n\n${head}\n| say it | 1,234 | 2 | 0.5 | 1 | 10 | why |\n\n| other | 1 |\n`;
    const cost = { calls: 1_234, writeUnits: 2, readUnits: 0.5, invocations: 1, posts: 10 };
    expect([...documentedCosts(page)]).toEqual([['say it', cost]]);
  });

  it.each([
    ['no table', 'Text\n', /no table that begins with \| step \|/],
    ['a row without numbers', `${head}\n| say it | 1 | many | 0 | 1 | 1 |\n`, /without its 5 numbers/],
    ['a row that leaves one out', `${head}\n| say it | 1 | | 0 | 1 | 1 | why |\n`, /without its 5 numbers/],
    ['a row that is cut short', `${head}\n| say it | 1 | 2 |\n`, /without its 5 numbers/],
  ])('refuses %s', (_, page, complaint) => {
    expect(() => documentedCosts(page)).toThrow(complaint);
  });
});
