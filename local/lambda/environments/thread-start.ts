/** The start options of an environment's thread: its variables, its limits, and the data for worker/bootstrap.cjs. */
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Endpoints, EnvironmentOptions } from './environment';
import { endpointUrl, environmentVariables, logNames } from './environment-variables';
import type { EventLine } from './event-line';

const BOOTSTRAP = join(__dirname, 'worker', 'bootstrap.cjs');

export function startThread(options: EnvironmentOptions, line: EventLine, endpoints: Endpoints): Worker {
  const { lambdaFunction, version, region, credentials, clock } = options;
  const settings = { region, version, ...logNames(lambdaFunction, version, clock.now()) };
  const { NODE_OPTIONS, ...env } = environmentVariables(lambdaFunction, { ...settings, credentials });
  return new Worker(BOOTSTRAP, {
    // Lets clients of the app use presigned URLs that functions create.
    env: { AWS_ENDPOINT_URL_S3: env.AWS_ENDPOINT_URL ?? endpointUrl(endpoints.endpoint), ...env },
    execArgv: [],
    argv: [],
    stdin: false,
    stdout: true,
    stderr: true,
    name: lambdaFunction.functionName,
    resourceLimits: resourceLimits(lambdaFunction.memoryMegabytes),
    workerData: {
      line: line.memory,
      taskRoot: lambdaFunction.codeDirectory,
      layerRoot: lambdaFunction.layers?.[0],
      handlerName: lambdaFunction.handler,
      nodeOptions: NODE_OPTIONS,
      nodeMajor: nodeMajor(lambdaFunction.runtime),
      memoryBytes: lambdaFunction.memoryMegabytes * 1024 * 1024,
      endpoints,
      functionContext: {
        functionName: lambdaFunction.functionName,
        functionVersion: version,
        invokedFunctionArn: lambdaFunction.functionArn,
        memoryLimitInMB: String(lambdaFunction.memoryMegabytes),
        logGroupName: settings.logGroupName,
        logStreamName: settings.logStreamName,
        identity: undefined,
      },
    },
  });
}

/** 22 for `nodejs22.x`. */
function nodeMajor(runtime: string): number {
  return Number.parseInt(runtime.replace('nodejs', ''), 10);
}

/** V8's young generation has three semi-spaces. */
const SEMI_SPACES = 3;

/**
 * As on Lambda: nine tenths of the memory for old objects, and a twentieth for each semi-space of young ones.
 */
function resourceLimits(memoryMegabytes: number) {
  return {
    maxOldGenerationSizeMb: Math.floor(memoryMegabytes * 0.9),
    maxYoungGenerationSizeMb: SEMI_SPACES * Math.floor(memoryMegabytes * 0.05),
  };
}
