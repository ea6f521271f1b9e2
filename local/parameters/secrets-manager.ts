/** Secrets Manager, for reading: the app's secrets, and those that the user supplied. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { App, Secret } from '../assembly/model';
import { isSecretId, secretName } from '../assembly/stores/secrets';
import { type JsonObject, listAt, textAt } from '../assembly/values/json';
import { hashText, hashUuid } from '../assembly/values/physical-names';
import { type JsonOperation, JsonServiceError, serveJson } from '../endpoint/json-protocol';
import type { RequestHandler } from '../endpoint/request-router';
import type { Log } from '../log';

type SecretApp = Pick<App, 'secrets' | 'givenValues' | 'region' | 'accountId'>;

const CURRENT = 'AWSCURRENT';

/** From Secrets Manager's reference. */
const MAX_BATCH = 20;

export class SecretsManager implements RequestHandler {
  readonly #app: () => SecretApp;
  readonly #createdAtSeconds: number;
  readonly #log: Log;
  readonly #operations: Record<string, JsonOperation> = {
    GetSecretValue: (input) => this.#value(input),
    BatchGetSecretValue: (input) => this.#values(input),
    DescribeSecret: (input) => this.#describe(input),
  };

  /** `app` is the running app. It was started at `startedAt`, in milliseconds since the epoch. */
  constructor(app: () => SecretApp, startedAt: number, log: Log) {
    this.#app = app;
    this.#createdAtSeconds = startedAt / 1000;
    this.#log = log;
  }

  handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    return serveJson(request, response, 'Secrets Manager', this.#operations);
  }

  /** @see https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html */
  #value(input: JsonObject): JsonObject {
    const { name, arn, value } = this.#find(input);
    const versionId = hashUuid(arn);
    const stage = textAt(input, 'VersionStage') ?? CURRENT;
    const asked = textAt(input, 'VersionId') ?? versionId;
    if (value === undefined || stage !== CURRENT || asked !== versionId) {
      const what = asked === versionId ? `staging label: ${stage}` : `VersionId: ${asked}`;
      throw new JsonServiceError(
        'ResourceNotFoundException',
        `Secrets Manager can't find the specified secret value for ${what}`,
      );
    }
    return {
      ARN: arn,
      CreatedDate: this.#createdAtSeconds,
      Name: name,
      SecretString: value,
      VersionId: versionId,
      VersionStages: [CURRENT],
    };
  }

  #values(input: JsonObject): JsonObject {
    const ids = listAt(input, 'SecretIdList').map(String);
    if (listAt(input, 'Filters').length > 0)
      throw new JsonServiceError('UnsupportedOperation', 'Filters are not run on this machine.', 501);
    if (ids.length === 0 || ids.length > MAX_BATCH) {
      throw new JsonServiceError(
        'InvalidParameterException',
        `SecretIdList must have 1 to ${MAX_BATCH} ids.`,
      );
    }
    const values: JsonObject[] = [];
    const errors: JsonObject[] = [];
    for (const id of ids) {
      try {
        values.push(this.#value({ SecretId: id }));
      } catch (error) {
        if (!(error instanceof JsonServiceError)) throw error;
        errors.push({ SecretId: id, ErrorCode: error.code, Message: error.message });
      }
    }
    return { SecretValues: values, Errors: errors };
  }

  #describe(input: JsonObject): JsonObject {
    const { name, arn, value, description } = this.#find(input);
    return {
      ARN: arn,
      Name: name,
      ...(description === undefined ? {} : { Description: description }),
      CreatedDate: this.#createdAtSeconds,
      LastChangedDate: this.#createdAtSeconds,
      VersionIdsToStages: value === undefined ? {} : { [hashUuid(arn)]: [CURRENT] },
    };
  }

  /** @throws {JsonServiceError} if there is no such secret */
  #find(input: JsonObject): Secret {
    const id = textAt(input, 'SecretId') ?? '';
    const { secrets, region, accountId } = this.#app();
    const own = secrets.find(({ arn, name }) => id === name || isSecretId(id, arn));
    const name = own?.name ?? secretName(id);
    const value = this.#given(name) ?? own?.value;
    if (own) return { ...own, ...(value === undefined ? {} : { value }) };
    if (value !== undefined) {
      const suffix = hashText(name, 6);
      const arn = `arn:aws:secretsmanager:${region}:${accountId}:secret:${name}-${suffix}`;
      return { path: '--parameter', name, arn, value };
    }
    this.#log.warn(`There is no secret ${name} in the app. To set it, start with --parameter ${name}=VALUE.`);
    throw new JsonServiceError(
      'ResourceNotFoundException',
      "Secrets Manager can't find the specified secret.",
    );
  }

  /** As a whole, or key by key as `name:key`. */
  #given(name: string): string | undefined {
    const { givenValues } = this.#app();
    if (Object.hasOwn(givenValues, name)) return givenValues[name];
    const keys = Object.entries(givenValues)
      .filter(([key]) => key.startsWith(`${name}:`))
      .map(([key, value]) => [key.slice(name.length + 1), value]);
    return keys.length === 0 ? undefined : JSON.stringify(Object.fromEntries(keys));
  }
}
