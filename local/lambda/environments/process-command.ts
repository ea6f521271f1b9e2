/** What a process environment runs, and with which variables: a `bootstrap`, Python with AWS's client, or Node.js. */
import { join } from 'node:path';
import { INSTALL_PYTHON_CLIENT } from '../../assembly/functions/python';
import { bootstrapOf, InvalidEntrypoint } from './bootstrap-program';
import type { EnvironmentOptions } from './environment';
import { endpointUrl, environmentVariables, logNames } from './environment-variables';

const WORKER = join(__dirname, 'worker');

export interface ProcessCommand {
  file: string;
  args: string[];
  env: Record<string, string>;
}

/** @throws {InvalidEntrypoint} if the function has nothing that can run */
export function processCommand(
  options: EnvironmentOptions,
  runtimeApi: string,
  tunnel: Record<string, string> = {},
): ProcessCommand {
  const { lambdaFunction } = options;
  const { runtime, handler, interpreter } = lambdaFunction;
  const env = variables(options, runtimeApi);
  const { endpoint } = options.endpoints();
  if (runtime.startsWith('python')) {
    if (interpreter === undefined) {
      const message = `No Python on this machine has the module awslambdaric`;
      throw new InvalidEntrypoint(message, `Install it: ${INSTALL_PYTHON_CLIENT}`);
    }
    const place = `${endpoint.host}:${endpoint.port}`;
    return { file: interpreter, args: [join(WORKER, 'python_bootstrap.py'), place, handler], env };
  }
  if (runtime.startsWith('nodejs')) {
    const settings = JSON.stringify({
      ...{ taskRoot: lambdaFunction.codeDirectory, handlerName: handler, endpoints: options.endpoints() },
      ...{
        layerRoot: lambdaFunction.layers?.[0],
        nodeMajor: Number.parseInt(runtime.slice('nodejs'.length), 10),
      },
    });
    const heap = `--max-old-space-size=${Math.floor(lambdaFunction.memoryMegabytes * 0.9)}`;
    return { file: process.execPath, args: [heap, join(WORKER, 'process-bootstrap.cjs'), settings], env };
  }
  return { file: bootstrapOf(lambdaFunction), args: [], env: { ...tunnel, ...env } };
}

function variables(options: EnvironmentOptions, runtimeApi: string): Record<string, string> {
  const { lambdaFunction, version, region, clock, credentials } = options;
  const { codeDirectory, layers = [], environment, runtime } = lambdaFunction;
  const names = logNames(lambdaFunction, version, clock.now());
  const { AWS_EXECUTION_ENV, ...common } = environmentVariables(lambdaFunction, {
    credentials,
    region,
    version,
    ...names,
  });
  const layerFolders = (name: string) => layers.map((layer) => join(layer, name));
  // In the order in which Lambda searches them.
  const pythonFolders = [join('python/lib', runtime, 'site-packages'), 'python'];
  const libraries = [codeDirectory, join(codeDirectory, 'lib'), ...layerFolders('lib')];
  return {
    LANG: 'en_US.UTF-8',
    // The code's folder belongs to the app. Nothing is written into it.
    PYTHONDONTWRITEBYTECODE: '1',
    LD_LIBRARY_PATH: libraries.join(':'),
    ...common,
    // Programs are found in the PATH of this machine.
    PATH: environment.PATH ?? [process.env.PATH ?? '', ...layerFolders('bin')].join(':'),
    ...(layers.length > 0 && runtime.startsWith('python')
      ? { PYTHONPATH: [environment.PYTHONPATH ?? [], pythonFolders.flatMap(layerFolders)].flat().join(':') }
      : {}),
    ...(runtime.startsWith('provided') || AWS_EXECUTION_ENV === undefined ? {} : { AWS_EXECUTION_ENV }),
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_RUNTIME_API: runtimeApi,
    AWS_ENDPOINT_URL: environment.AWS_ENDPOINT_URL ?? endpointUrl(options.endpoints().endpoint),
  };
}
