/** `npm run bench`: measures the local runtime and a bare server on this machine, and prints one page. */
import { join } from 'node:path';
import { scripts } from '../package.json';
import { measureBroadcast } from './measures/broadcast';
import { measureBundle } from './measures/bundles';
import { measureChecks } from './measures/checks';
import { measureCrowds } from './measures/crowds';
import { measureIam } from './measures/iam';
import { measureNotifications } from './measures/notifications';
import { measureRealtimeCommands } from './measures/realtime-commands';
import { measureRoundTrip } from './measures/round-trip';
import type { Sides } from './measures/sides';
import { measureStart } from './measures/start';
import { measureSteps } from './measures/steps';
import { measureTableUse } from './measures/table-use';
import { measureTables } from './measures/tables';
import { measureWays } from './measures/ways';
import { measureWaysTableUse } from './measures/ways-table-use';
import { Page } from './page';
import { ServerProcess } from './server-process';

const ROOT = join(__dirname, '..');
/** Without quotas, because the benchmark measures the speed of the gateway and not AWS's default quotas. */
const QUOTAS = ['requests=999999999', 'burst=999999999', 'new-connections=999999999'];
/** What `npm start` runs, without npm. */
const START = [
  ...scripts.start.split(' ').slice(1),
  ...['--port', '0'],
  ...QUOTAS.flatMap((quota) => ['--quota', quota]),
];
const BARE = [join(__dirname, 'baseline.cjs')];
const BARE_SERVER = 'a bare `ws` server whose handler posts through the SDK (bench/baseline.cjs)';

/** The benchmark always ends after this time. */
const LONGEST_RUN_MILLIS = 10 * 60_000;

process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';

async function main(): Promise<void> {
  const page = new Page();
  progress('start');
  page.section('Start', BARE_SERVER, await measureStart({ ours: START, baseline: BARE }, ROOT));
  await underLoad(page);
  progress('iam');
  page.section(
    'Round trip of one message, with signatures and policies',
    'the same with `--no-iam`',
    await measureIam(START, ROOT),
  );
  progress('checks');
  page.section(
    'Round trip of one message, with every check: signatures, policies, limits, throttles of a stage, access log',
    'the same with `--no-iam --no-limits`, on a stage without throttles and access log',
    await measureChecks(START, ROOT),
  );
  progress('notifications');
  page.section(
    'Notifications of files',
    'the bare server, which says as many things to as many sockets',
    await measureNotifications({ ours: START, baseline: BARE }, ROOT),
  );
  progress('bundles');
  const sdkAlone = join(__dirname, 'app/build/sdk-alone/index.mjs');
  page.section(
    'Cold start',
    'the clients and commands of the SDK that the library uses, bundled in the same way',
    measureBundle('chat', join(ROOT, 'build/functions/chat/index.mjs'), sdkAlone, ROOT),
  );
  progress('tables');
  page.section(
    'DynamoDB of the runtime',
    'dynalite; both look whether there is a signature, and verify none',
    await measureTables(ROOT, { ours: 'ours', baseline: 'dynalite' }),
  );
  page.section(
    'DynamoDB of the runtime, with signatures and policies',
    'the same with `--no-iam`',
    await measureTables(ROOT, { ours: 'iam', baseline: 'ours' }),
  );
  progress('table');
  page.section(
    'DynamoDB',
    'the shortest samples: a row put for each connection, a Scan for each message, a row deleted',
    await measureTableUse(),
  );
  page.section(
    'DynamoDB, for each message of a hundred in a row',
    'onClientMessage',
    await measureWaysTableUse(),
  );
  progress('steps');
  page.table(
    'What each step uses: DynamoDB calls and units, invocations, posts',
    'the table of docs/costs.md, counted again',
    await measureSteps(),
  );
  process.stdout.write(`\n${page}\n`);
}

async function underLoad(page: Page): Promise<void> {
  const ours = await ServerProcess.start([...START, '--app', 'bench/app'], ROOT);
  const bare = await ServerProcess.start(BARE, ROOT);
  try {
    const baseline = { server: bare, url: bare.url('bare') };
    const plain: Sides = { ours: { server: ours, url: ours.url('plain') }, baseline };
    const library: Sides = { ours: { server: ours, url: ours.url('library') }, baseline };
    progress('crowds');
    page.section('Crowds', BARE_SERVER, [
      ...(await measureCrowds(plain, 'plain handlers', 3)),
      ...(await measureCrowds(library, 'library and table', 1)),
    ]);
    progress('round trips');
    page.section('Round trip of one message, one at a time', BARE_SERVER, [
      ...(await measureRoundTrip(plain, 'plain handler, posted back', 'hello')),
      ...(await measureRoundTrip(library, "library's write, posted back", 'hello')),
      ...(await measureRoundTrip(plain, 'two-way route (bare: no SDK)', '{"action":"two-way"}')),
    ]);
    progress('broadcast');
    page.section('Broadcast by one handler', BARE_SERVER, await measureBroadcast(library));
    progress('ways of a message');
    page.section(
      'Ways of a message to the code, and of its answer back',
      'onClientMessage, which the routes function runs with the message',
      await measureWays(ours),
    );
    progress('realtime commands');
    page.section(
      "Commands of Centrifuge's clients, each to its answer",
      "onClientMessage, which posts the message back with the library's write",
      await measureRealtimeCommands(ours),
    );
  } finally {
    await Promise.all([ours.stop(), bare.stop()]);
  }
}

function progress(what: string): void {
  process.stderr.write(`${(performance.now() / 1_000).toFixed(0).padStart(4)} s  ${what}\n`);
}

setTimeout(() => {
  process.stderr.write('The benchmark took too long and was stopped.\n');
  process.exit(1);
}, LONGEST_RUN_MILLIS).unref();

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  process.exitCode = 1;
});
