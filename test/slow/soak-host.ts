/**
 * Runs only the soak's runtime, so that the memory of the process is the runtime's. The test that forked it controls
 * it.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { FaultSettings } from '../../local/faults/fault-settings';
import { Faults } from '../../local/faults/faults';
import { silentFunctionLog } from '../../local/lambda/function-log';
import { startApp } from '../runtime/running-app';
import { restingMegabytes } from './resting-memory';

export interface HostReady {
  url: string;
  dynamodbUrl: string;
  tableName: string;
}

export interface HostSummary {
  faults: string;
  peakMegabytes: number;
  /** The longest delay of its event loop. */
  longestStallMillis: number;
  invocations: number;
  /** Failures, by place and message without ids. */
  failures: Record<string, number>;
  /** What functions wrote to stderr, grouped in the same way. */
  complaints: Record<string, number>;
}

/** Calls without arguments. Each returns its result. */
export type HostCall = 'memory' | 'stopFaults' | 'sweep' | 'summary' | 'stop';

async function main(settings: FaultSettings, seed: number): Promise<void> {
  const summary: HostSummary = {
    faults: '',
    peakMegabytes: 0,
    longestStallMillis: 0,
    invocations: 0,
    failures: {},
    complaints: {},
  };
  const count = (counts: Record<string, number>, text: string) => {
    const kind = text.replace(/(?=[\w-]*\d)[\w-]{8,}=?/g, '#');
    counts[kind] = (counts[kind] ?? 0) + 1;
  };
  const faults = new Faults(settings, seed);
  const app = await startApp({
    faults,
    functionLog: {
      ...silentFunctionLog,
      output({ stream, text }) {
        if (stream === 'stderr') count(summary.complaints, text);
      },
      end({ outcome, subject = 'event', functionName }) {
        summary.invocations += 1;
        if (outcome.kind === 'failure') {
          const [where] = /Routes|Server/.exec(functionName) ?? [functionName];
          count(summary.failures, `${where} ${subject}: ${outcome.errorType}: ${outcome.errorMessage}`);
        }
      },
      notice(_, text) {
        if (text.includes('dropped')) count(summary.failures, text);
      },
    },
  });

  const loop = monitorEventLoopDelay();
  loop.enable();
  const calls: Record<HostCall, () => Promise<unknown>> = {
    memory: () => restingMegabytes(app),
    stopFaults: async () => faults.stop(),
    async sweep() {
      const outcome = await app.runtime.functions.invoke(app.serverFunction, '{"type":"sweep"}');
      return outcome.kind;
    },
    summary: async () => ({
      ...summary,
      faults: faults.summary(),
      longestStallMillis: loop.max / 1e6,
      peakMegabytes: process.resourceUsage().maxRSS / 2 ** 10,
    }),
    async stop() {
      await app.stop();
      setImmediate(() => process.disconnect());
    },
  };
  process.on('message', (call: HostCall) => {
    void calls[call]().then((result) => process.send?.({ call, result }));
  });
  const ready: HostReady = {
    url: app.runtime.webSocketUrl('chat'),
    dynamodbUrl: app.runtime.dynamodb.address,
    tableName: app.tableOf('chat'),
  };
  process.send?.({ call: 'ready', result: ready });
}

const [settings = '{}', seed = '1'] = process.argv.slice(2);
void main(JSON.parse(settings), Number(seed));
