/** Systems Manager's Parameter Store, for reading: the app's parameters, and those that the user supplied. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { App, StoredParameter } from '../assembly/model';
import { isObject, type JsonObject, listAt, textAt } from '../assembly/values/json';
import { type JsonOperation, JsonServiceError, serveJson } from '../endpoint/json-protocol';
import type { RequestHandler } from '../endpoint/request-router';
import type { Log } from '../log';

type StoringApp = Pick<App, 'storedParameters' | 'givenValues' | 'region' | 'accountId'>;

/** From Systems Manager's reference. */
const MAX_NAMES = 10;
const MAX_RESULTS = 10;

export class ParameterStore implements RequestHandler {
  readonly #app: () => StoringApp;
  readonly #storedAtSeconds: number;
  readonly #log: Log;
  readonly #operations: Record<string, JsonOperation> = {
    GetParameter: (input) => this.#get(input),
    GetParameters: (input) => this.#getSeveral(input),
    GetParametersByPath: (input) => this.#getByPath(input),
  };

  /** `app` is the running app. It was started at `startedAt`, in milliseconds since the epoch. */
  constructor(app: () => StoringApp, startedAt: number, log: Log) {
    this.#app = app;
    this.#storedAtSeconds = startedAt / 1000;
    this.#log = log;
  }

  handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    return serveJson(request, response, 'Systems Manager', this.#operations);
  }

  /** @see https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameter.html */
  #get(input: JsonObject): JsonObject {
    const name = textAt(input, 'Name') ?? '';
    const found = this.#find(name);
    if (found === undefined) {
      this.#tellMissing(name);
      throw new JsonServiceError('ParameterNotFound');
    }
    if (found === 'otherVersion') {
      throw new JsonServiceError(
        'ParameterVersionNotFound',
        `Systems Manager could not find version ${name.split(':').at(-1)} of ${name.replace(/:[^:]*$/, '')}. Verify the version and try again.`,
      );
    }
    return { Parameter: found };
  }

  #getSeveral(input: JsonObject): JsonObject {
    const names = listAt(input, 'Names').map(String);
    if (names.length === 0 || names.length > MAX_NAMES) {
      throw new JsonServiceError(
        'ValidationException',
        `Value at 'names' failed to satisfy constraint: Member must have 1 to ${MAX_NAMES} names`,
      );
    }
    const found = names.map((name) => ({ name, parameter: this.#find(name) }));
    const missing = found.filter(({ parameter }) => typeof parameter !== 'object').map(({ name }) => name);
    for (const name of missing) this.#tellMissing(name);
    return {
      Parameters: found.map(({ parameter }) => parameter).filter((parameter) => isObject(parameter)),
      InvalidParameters: missing,
    };
  }

  #getByPath(input: JsonObject): JsonObject {
    const path = textAt(input, 'Path') ?? '';
    if (!path.startsWith('/'))
      throw new JsonServiceError(
        'ValidationException',
        'The parameter path must begin with a forward slash /.',
      );
    if (listAt(input, 'ParameterFilters').length > 0) {
      throw new JsonServiceError(
        'UnsupportedOperation',
        'ParameterFilters are not run on this machine.',
        501,
      );
    }
    const prefix = path.endsWith('/') ? path : `${path}/`;
    const isRecursive = input.Recursive === true;
    const found = this.#all()
      .filter(({ name }) => name.startsWith(prefix))
      .filter(({ name }) => isRecursive || !name.slice(prefix.length).includes('/'))
      .sort((one, other) => (one.name < other.name ? -1 : 1));
    const start = Number(textAt(input, 'NextToken') ?? 0);
    const end = start + Math.min(MAX_RESULTS, Math.max(1, Number(input.MaxResults ?? MAX_RESULTS)));
    return {
      Parameters: found.slice(start, end).map((parameter) => this.#described(parameter)),
      ...(end < found.length ? { NextToken: String(end) } : {}),
    };
  }

  /** By name or ARN, each with or without a version. */
  #find(nameOrArn: string): JsonObject | 'otherVersion' | undefined {
    const [, arn, plain] = /^(arn:[^:]*:ssm:[^:]*:[^:]*:parameter\/[^:]*)|([^:]*)/.exec(nameOrArn) ?? [];
    const selector = nameOrArn.slice((arn ?? plain ?? '').length);
    const parameter = this.#all().find((one) => (arn === undefined ? one.name === plain : one.arn === arn));
    if (!parameter) return undefined;
    if (selector !== '' && selector !== ':1') return 'otherVersion';
    return { ...this.#described(parameter), ...(selector === '' ? {} : { Selector: selector }) };
  }

  /** User-supplied values take precedence over the app's. */
  #all(): StoredParameter[] {
    const { storedParameters, givenValues, region, accountId } = this.#app();
    const names = new Set(storedParameters.map(({ name }) => name));
    const given = Object.entries(givenValues).filter(([name]) => !names.has(name));
    return [
      ...storedParameters.map((parameter) => ({
        ...parameter,
        value: Object.hasOwn(givenValues, parameter.name)
          ? (givenValues[parameter.name] ?? parameter.value)
          : parameter.value,
      })),
      ...given.map(
        ([name, value]): StoredParameter => ({
          path: '--parameter',
          name,
          arn: `arn:aws:ssm:${region}:${accountId}:parameter/${name.replace(/^\//, '')}`,
          type: 'String',
          value,
        }),
      ),
    ];
  }

  #described({ name, arn, type, value }: StoredParameter): JsonObject {
    return {
      ARN: arn,
      DataType: 'text',
      LastModifiedDate: this.#storedAtSeconds,
      Name: name,
      Type: type,
      Value: value,
      Version: 1,
    };
  }

  #tellMissing(name: string): void {
    this.#log.warn(
      `There is no parameter ${name} in the parameter store, because the app does not store it. To set it, start with --parameter ${name}=VALUE.`,
    );
  }
}
