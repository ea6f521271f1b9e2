/** `docs/fidelity.md`: each fact with its source, and what the local gateway does. */
import type { Case, Section } from './case';
import type { Result } from './conformance';

const HEAD = `# Fidelity

What API Gateway does, the source of each fact, and whether the local gateway does the same. \`npm run conformance\` runs these cases and writes this page. The
same cases run against a deployed API: \`npm run conformance -- --help\` explains how. Behavior that no public source documents is in \`local/gateway/assumptions.ts\`, and
\`npm run conformance -- --measure\` measures it in your AWS account.
`;

export function fidelityPage(sections: Section[], results: Map<Case, Result>): string {
  const all = [...results.values()];
  const same = all.filter(({ outcome }) => outcome === 'as AWS').length;
  const parts = sections.map((section) => sectionText(section, results));
  return `${HEAD}\n${same} of ${all.length} cases behave as on AWS.\n\n${parts.join('\n')}`;
}

function sectionText({ title, cases, others = [] }: Section, results: Map<Case, Result>): string {
  const rows = cases.map((one) => row(one.fact, one.source, textOf(results.get(one))));
  const untried = others.map(({ fact, source, test, why }) =>
    row(fact, source, test ? `tested in \`${test}\`` : (why ?? '')),
  );
  return `## ${title}\n\n| fact | source | local gateway |\n|---|---|---|\n${[...rows, ...untried].join('')}`;
}

function row(...cells: string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |\n`;
}

function textOf(result: Result | undefined): string {
  if (result?.outcome === 'as AWS') return 'as on AWS';
  if (result?.outcome === 'different') return '**differs**';
  return `not run: ${result?.reason ?? ''}`;
}
