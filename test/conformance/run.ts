/** `npm run conformance`: runs the cases against the local gateway or a deployed API. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { SECTIONS } from './cases';
import { runCases } from './conformance';
import { fidelityPage } from './fidelity-page';
import { measure } from './measure';
import { deployedTarget, endpointTarget, localTarget, type Target } from './target';

interface Options {
  outputs?: string;
  endpoint?: string;
  management?: string;
  measure?: boolean;
  long?: boolean;
}

const program = new Command('npm run conformance --')
  .description(
    'Runs the conformance cases, at the local gateway unless an API is named, and writes docs/fidelity.md. Deploy the cases’ app with: cd test/conformance/app && npx cdk deploy --outputs-file outputs.json',
  )
  .option('--outputs <file>', 'the APIs of the deployed app, as cdk deploy --outputs-file wrote them')
  .option('--endpoint <url>', 'the main API alone, wss://…')
  .option('--management <url>', 'where its @connections are, https://…')
  .option('--measure', 'measure what no source settles, and print it as JSON')
  .option('--long', 'with --measure: also what takes more than ten minutes')
  .action(async (options: Options) => {
    const target = await targetOf(options);
    try {
      if (options.measure)
        process.stdout.write(`${JSON.stringify(await measure(target.apis, options), null, 2)}\n`);
      else await report(target, options);
    } finally {
      await target.stop();
    }
  });

async function targetOf({ outputs, endpoint, management }: Options): Promise<Target> {
  if (outputs !== undefined) return deployedTarget(outputs);
  if (endpoint === undefined) return localTarget();
  return endpointTarget(endpoint, management ?? endpoint.replace(/^ws/, 'http'));
}

async function report({ apis }: Target, { outputs, endpoint }: Options): Promise<void> {
  const results = await runCases(SECTIONS, apis, (one, result) => {
    if (result.outcome === 'different')
      process.stdout.write(`differs: ${one.fact}\n  ${result.difference}\n`);
    if (result.outcome === 'not run') process.stdout.write(`not run: ${one.fact} (${result.reason})\n`);
  });
  const all = [...results.values()];
  const count = (outcome: string) => all.filter((result) => result.outcome === outcome).length;
  if (outputs === undefined && endpoint === undefined) {
    writeFileSync(join(__dirname, '../../docs/fidelity.md'), fidelityPage(SECTIONS, results));
  }
  process.stdout.write(
    `${count('as AWS')} as on AWS, ${count('different')} different, ${count('not run')} not run\n`,
  );
  if (count('different') > 0) process.exitCode = 1;
}

program.parseAsync().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
});
