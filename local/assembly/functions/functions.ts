/** Reads an app's Lambda functions, and decides which of them the runtime can run. */
import { UserError } from '../../user-error';
import type { Assembly } from '../assembly';
import type { AsynchronousSettings, LambdaFunction, OtherResource } from '../model';
import { isObject, objectAt } from '../values/json';
import type { Resource } from '../values/resource';
import { readAsynchronousSettings } from './asynchronous-settings';
import type { EnvironmentOverrides } from './environment-overrides';
import { codeOf, layersOf } from './function-code';
import { findPython, otherPython, pythonRemedy } from './python';
import { readQualifiers } from './qualifiers';

const FUNCTION = 'AWS::Lambda::Function';

/** The functions that the runtime can run. */
const RUNTIMES = /^(nodejs\d|python3\.|provided\.al2(023)?$)/;

/** Lambda's defaults, from its CreateFunction reference. */
const DEFAULT_TIMEOUT_SECONDS = 3;
const DEFAULT_MEMORY_MEGABYTES = 128;

/** Lambda's quota for all environment variables of a function together. */
const MAX_ENVIRONMENT_BYTES = 4096;

/** Names that Lambda reserves: "Defined runtime environment variables" in its developer guide. */
const RESERVED_VARIABLES = new Set([
  '_HANDLER',
  '_X_AMZN_TRACE_ID',
  'AWS_ACCESS_KEY',
  'AWS_ACCESS_KEY_ID',
  'AWS_DEFAULT_REGION',
  'AWS_EXECUTION_ENV',
  'AWS_LAMBDA_FUNCTION_MEMORY_SIZE',
  'AWS_LAMBDA_FUNCTION_NAME',
  'AWS_LAMBDA_FUNCTION_VERSION',
  'AWS_LAMBDA_INITIALIZATION_TYPE',
  'AWS_LAMBDA_LOG_GROUP_NAME',
  'AWS_LAMBDA_LOG_STREAM_NAME',
  'AWS_LAMBDA_RUNTIME_API',
  'AWS_REGION',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'LAMBDA_RUNTIME_DIR',
  'LAMBDA_TASK_ROOT',
]);

export interface ReadFunctions {
  functions: LambdaFunction[];
  /** Functions that cannot run, by name, with the reason. */
  failures: Map<string, { path: string; reason: string }>;
  notRun: OtherResource[];
}

/**
 * Reads every function of the app.
 * @param replaced the paths of functions that the runtime replaces with a part of its own
 * @throws {UserError} if two have the same name
 */
export function readFunctions(
  assembly: Assembly,
  overrides?: EnvironmentOverrides,
  replaced: ReadonlySet<string> = new Set(),
): ReadFunctions {
  const functions = new Map<string, LambdaFunction>();
  const failures: ReadFunctions['failures'] = new Map();
  const notRun: OtherResource[] = [];
  const settingsOf = readAsynchronousSettings(assembly);
  const qualifiers = readQualifiers(assembly);
  for (const resource of assembly.resources(FUNCTION)) {
    if (replaced.has(resource.path)) continue;
    try {
      const { layers, notRun: missingLayers } = layersOf(resource, assembly);
      const read = readFunction(resource, settingsOf(resource), overrides);
      if (layers.length > 0) read.layers = layers;
      const own = qualifiers.get(read.functionName);
      if (own) read.qualifiers = own;
      const twin = functions.get(read.functionName);
      if (twin) throw sameName(resource, twin);
      functions.set(read.functionName, read);
      notRun.push(...missingLayers, ...otherVersion(read));
    } catch (error) {
      if (!(error instanceof UserError) || error instanceof SameName) throw error;
      const failure = { path: resource.path, reason: error.message };
      failures.set(nameOrNothing(resource), failure);
      notRun.push({ type: FUNCTION, ...failure });
    }
  }
  overrides?.refuseUnused(assembly.resources(FUNCTION).map(({ shortPath }) => shortPath));
  return { functions: [...functions.values()], failures, notRun };
}

/** A Python function whose version this machine does not have. */
function otherVersion({ path, runtime, interpreter }: LambdaFunction): OtherResource[] {
  const reason = interpreter === undefined ? undefined : otherPython(runtime, interpreter);
  return reason === undefined ? [] : [{ type: 'Python function', path, reason }];
}

class SameName extends UserError {}

function sameName(resource: Resource, twin: LambdaFunction): UserError {
  return new SameName(
    `${resource.path} and ${twin.path} are both named ${twin.functionName}. If they belong to two stages of the app, select one with --stack.`,
  );
}

function nameOrNothing(resource: Resource): string {
  try {
    return resource.ref;
  } catch (error) {
    if (error instanceof UserError) return '';
    throw error;
  }
}

function readFunction(
  resource: Resource,
  asynchronous: AsynchronousSettings | undefined,
  overrides: EnvironmentOverrides | undefined,
): LambdaFunction {
  const runtime = resource.text('Runtime');
  if (resource.text('PackageType') === 'Image')
    throw resource.mistake(
      'is a container image, and the runtime does not use Docker. To run it here, define it with Code.fromAsset and a Node.js, Python or provided runtime',
    );
  if (!runtime || !RUNTIMES.test(runtime)) {
    throw resource.mistake(
      `the runtime ${runtime} is not supported; Node.js, Python, provided.al2 and provided.al2023 are`,
    );
  }
  const handler = resource.text('Handler');
  if (!handler) throw resource.mistake('has no Handler');
  const codeDirectory = codeOf(resource, runtime);
  const interpreter = runtime.startsWith('python') ? findPython(runtime, codeDirectory) : undefined;
  if (runtime.startsWith('python') && interpreter === undefined) {
    throw resource.mistake(
      `the runtime ${runtime} needs AWS's runtime client and SDK for Python; install them with ${pythonRemedy(codeDirectory)}`,
    );
  }
  const roleArn = resource.text('Role');
  return {
    path: resource.path,
    functionName: resource.ref,
    functionArn: String(resource.stack.attribute(resource.logicalId, 'Arn', 'Resources')),
    ...(roleArn !== undefined && { roleArn }),
    runtime,
    ...(interpreter !== undefined && { interpreter }),
    codeDirectory,
    handler,
    environment: environment(resource, overrides),
    timeoutSeconds: resource.number('Timeout') ?? DEFAULT_TIMEOUT_SECONDS,
    memoryMegabytes: resource.number('MemorySize') ?? DEFAULT_MEMORY_MEGABYTES,
    ...(asynchronous && { asynchronous }),
  };
}

function environment(
  resource: Resource,
  overrides: EnvironmentOverrides | undefined,
): Record<string, string> {
  const inTemplate = objectAt(objectAt(resource.properties, 'Environment'), 'Variables');
  const given = overrides?.of(resource, nameOrNothing(resource), Object.keys(inTemplate)) ?? {};
  // The original value of an overridden variable may be unknown.
  const rest = Object.fromEntries(Object.entries(inTemplate).filter(([name]) => given[name] === undefined));
  const resolved = resource.stack.resolve(rest, resource.at('Environment.Variables'));
  const texts = Object.entries(isObject(resolved) ? resolved : {}).map(([name, value]) => [
    name,
    String(value),
  ]);
  const variables: Record<string, string> = { ...Object.fromEntries(texts), ...given };
  const reserved = Object.keys(variables).find((name) => RESERVED_VARIABLES.has(name));
  if (reserved)
    throw resource.mistake(
      `sets the environment variable ${reserved}, which Lambda reserves; use another name`,
    );
  const bytes = Object.entries(variables).reduce(
    (sum, [name, text]) => sum + Buffer.byteLength(name + text),
    0,
  );
  if (bytes > MAX_ENVIRONMENT_BYTES) {
    throw resource.mistake(
      `its environment variables have ${bytes} bytes; Lambda allows ${MAX_ENVIRONMENT_BYTES}`,
    );
  }
  return variables;
}
