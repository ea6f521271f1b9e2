/** The conformance cases, against the local gateway and another project's emulator. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findApp } from '../../local/assembly/synthesis/app-source';
import { synthesize } from '../../local/assembly/synthesis/synthesis';
import type { Case } from '../conformance/case';
import { SECTIONS } from '../conformance/cases';
import { type Result, runCases } from '../conformance/conformance';
import { fidelityPage } from '../conformance/fidelity-page';
import { MINISTACK_DIFFERS } from '../conformance/ministack';
import { apisOf, localTarget, type Target } from '../conformance/target';
import { assemblyDirectory, deployAssembly } from './deployment';
import { Ministack, REGION, ROOT_CREDENTIALS } from './ministack';

jest.setTimeout(300_000);

const ROOT = join(__dirname, '../..');

function factsThat(outcome: Result['outcome'], results: Map<Case, Result>): string[] {
  return [...results].filter(([, result]) => result.outcome === outcome).map(([{ fact }]) => fact);
}

describe('the local gateway', () => {
  let target: Target;
  let results: Map<Case, Result>;
  beforeAll(async () => {
    target = await localTarget();
    results = await runCases(SECTIONS, target.apis);
  });
  afterAll(() => target?.stop());

  it('has an address for every case', () => {
    expect(factsThat('not run', results)).toEqual([]);
  });

  it('behaves as in docs/fidelity.md, which npm run conformance writes', () => {
    expect(fidelityPage(SECTIONS, results)).toBe(readFileSync(join(ROOT, 'docs/fidelity.md'), 'utf8'));
  });

  it('has the tests that are named there', () => {
    const tests = SECTIONS.flatMap(({ others = [] }) => others.flatMap(({ test = [] }) => test));
    for (const test of tests) expect(readFileSync(join(ROOT, test), 'utf8')).toContain('describe(');
  });
});

describe('ministack', () => {
  let ministack: Ministack;
  let results: Map<Case, Result>;
  beforeAll(async () => {
    ministack = await Ministack.start();
    const source = findApp('test/conformance/app', ROOT);
    if (source.kind !== 'command') throw new Error('cdk.json names no command');
    await synthesize({ ...source.synthesis, outputDirectory: assemblyDirectory(ministack) });
    leaveOutUnknown(join(assemblyDirectory(ministack), 'Conformance.template.json'));
    const { Conformance = {} } = await deployAssembly(ministack);
    const apis = apisOf(Conformance, {
      ...{ via: new URL(ministack.url), region: REGION },
      credentials: async () => ROOT_CREDENTIALS,
    });
    results = await runCases(SECTIONS, apis);
  });
  afterAll(() => ministack?.stop());

  it('differs only in the known cases', () => {
    const unknown = factsThat('different', results).filter((fact) => !MINISTACK_DIFFERS.includes(fact));
    expect(unknown).toEqual([]);
    expect(factsThat('as AWS', results).length).toBeGreaterThan(20);
  });

  it('has no listed deviation without a case', () => {
    const facts = [...results.keys()].map(({ fact }) => fact);
    expect(MINISTACK_DIFFERS.filter((fact) => !facts.includes(fact))).toEqual([]);
  });
});

/** Resources that ministack's CloudFormation does not know. */
function leaveOutUnknown(file: string): void {
  const template = JSON.parse(readFileSync(file, 'utf8'));
  const resources: [string, { Type: string; DependsOn?: string[] }][] = Object.entries(template.Resources);
  const isUnknown = ({ Type }: { Type: string }) => /::(IntegrationResponse|Model|RouteResponse)$/.test(Type);
  const known = resources.filter(([, resource]) => !isUnknown(resource));
  const ids = new Set(known.map(([id]) => id));
  for (const [, resource] of known) {
    if (resource.DependsOn) resource.DependsOn = [resource.DependsOn].flat().filter((id) => ids.has(id));
  }
  writeFileSync(file, JSON.stringify({ ...template, Resources: Object.fromEntries(known) }));
}
