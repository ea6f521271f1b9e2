/** Errors in DynamoDB's words. */
import type { JsonObject } from '../assembly/values/json';

const SERVICE = 'com.amazonaws.dynamodb.v20120810#';
const VALIDATION = 'com.amazon.coral.validate#ValidationException';
const CORAL = 'com.amazon.coral.service#';

/** Errors whose message begins with a capital in the API's model. */
const OF_TRANSACTIONS: ReadonlySet<string> = new Set([
  'TransactionCanceledException',
  'IdempotentParameterMismatchException',
]);

export class DynamoDbError extends Error {
  constructor(
    /** With its namespace, as in the response's member `__type`. */
    readonly type: string,
    message: string,
    readonly options: { status?: number; members?: JsonObject } = {},
  ) {
    super(message);
  }

  /** Without its namespace. */
  get code(): string {
    return this.type.slice(this.type.indexOf('#') + 1);
  }

  get status(): number {
    return this.options.status ?? 400;
  }

  /** The response's body. Errors of the protocol and of transactions have "Message". Some of the protocol have none. */
  get body(): JsonObject {
    const isCapital = this.type.startsWith(CORAL) || OF_TRANSACTIONS.has(this.code);
    const key = isCapital ? 'Message' : 'message';
    return {
      __type: this.type,
      ...(this.type.startsWith(CORAL) && this.message === '' ? {} : { [key]: this.message }),
      ...this.options.members,
    };
  }
}

export function validationError(message: string): DynamoDbError {
  return new DynamoDbError(VALIDATION, message);
}

/** A value that the request's validation accepts, but the item's does not. */
export function invalidParameter(reason: string): DynamoDbError {
  return validationError(`One or more parameter values were invalid: ${reason}`);
}

/** A key or an item that does not fit the table. It cancels a transaction, while other invalid requests are refused. */
export class SchemaMismatch extends DynamoDbError {
  constructor(message: string) {
    super(VALIDATION, message);
  }
}

export function invalidForSchema(reason: string): SchemaMismatch {
  return new SchemaMismatch(`One or more parameter values were invalid: ${reason}`);
}

export function serializationError(message = ''): DynamoDbError {
  return new DynamoDbError(`${CORAL}SerializationException`, message);
}

export function unknownOperation(): DynamoDbError {
  return new DynamoDbError(`${CORAL}UnknownOperationException`, '');
}

export function accessDenied(message: string): DynamoDbError {
  return new DynamoDbError(`${CORAL}AccessDeniedException`, message);
}

/** What is wrong with a request's signature: the one error of the protocol that writes "message". */
export function signatureError(code: string, message: string): DynamoDbError {
  return new DynamoDbError(`${CORAL}${code}`, '', { members: { message } });
}

/** One of DynamoDB's own exceptions. */
export function serviceError(code: string, message: string, members: JsonObject = {}): DynamoDbError {
  return new DynamoDbError(`${SERVICE}${code}`, message, { members });
}

/** @param tableName included in errors of calls about tables, but not about items */
export function tableNotFound(tableName?: string): DynamoDbError {
  return serviceError(
    'ResourceNotFoundException',
    `Requested resource not found${tableName === undefined ? '' : `: Table: ${tableName} not found`}`,
  );
}

export function resourceInUse(message: string): DynamoDbError {
  return serviceError('ResourceInUseException', message);
}

export function conditionFailed(members: JsonObject = {}): DynamoDbError {
  return serviceError('ConditionalCheckFailedException', 'The conditional request failed', members);
}

/** A write that cannot be stored. SDKs retry it. */
export function internalError(message: string): DynamoDbError {
  return new DynamoDbError(`${SERVICE}InternalServerError`, message, { status: 500 });
}
