/** Runs only the runtime under mutated input, so that the memory and descriptors of the process are the runtime's. */
import { readdirSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { readAssembly } from '../../local/assembly/read-assembly';
import { PageReload } from '../../local/endpoint/page-reload';
import { silentFunctionLog } from '../../local/lambda/function-log';
import { startRuntime } from '../../local/runtime';

export interface HostSettings {
  assembly: string;
  webDirectory: string;
  bucketDirectory: string;
}

export interface HostState {
  residentMegabytes: number;
  heapMegabytes: number;
  /** Open files and sockets; undefined if the system does not list them. */
  descriptors: number | undefined;
  /** The errors in the log. */
  errors: string[];
  /** How many messages have reached the function. */
  invocations: number;
}

/** Calls without arguments. Each returns its result. */
export type HostCall = 'state' | 'stop';

const GC_ROUNDS = 5;

function descriptors(): number | undefined {
  try {
    return readdirSync('/proc/self/fd').length;
  } catch {
    return undefined;
  }
}

async function main({ assembly, webDirectory, bucketDirectory }: HostSettings): Promise<void> {
  const errors: string[] = [];
  let invocations = 0;
  const app = readAssembly(assembly);
  const runtime = await startRuntime({
    // Otherwise mutated requests would fail at the check of their signatures.
    ...{ app, port: 0, iam: false, webDirectory, pageReload: new PageReload() },
    bucketDirectories: Object.fromEntries(app.buckets.map(({ bucketName }) => [bucketName, bucketDirectory])),
    log: { info() {}, warn() {}, error: (text) => errors.push(text) },
    functionLog: {
      ...silentFunctionLog,
      end() {
        invocations += 1;
      },
    },
  });
  const calls: Record<HostCall, () => Promise<unknown>> = {
    /** After the functions' threads have ended, and after a garbage collection. */
    async state(): Promise<HostState> {
      runtime.functions.replace(app.functions);
      for (let tries = 0; runtime.functions.environmentCount > 0 && tries < 50; tries++) await wait(100);
      let usage = process.memoryUsage();
      for (let round = 0; round < GC_ROUNDS; round++) {
        await wait(200);
        globalThis.gc?.();
        usage = process.memoryUsage();
      }
      return {
        residentMegabytes: usage.rss / 2 ** 20,
        heapMegabytes: (usage.heapUsed + usage.external) / 2 ** 20,
        descriptors: descriptors(),
        errors,
        invocations,
      };
    },
    async stop() {
      await runtime.close();
      setImmediate(() => process.disconnect());
    },
  };
  process.on('message', (call: HostCall) => {
    void calls[call]().then((result) => process.send?.({ call, result }));
  });
  process.send?.({ call: 'ready', result: runtime.port });
}

const [settings = '{}'] = process.argv.slice(2);
void main(JSON.parse(settings));
