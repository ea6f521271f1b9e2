/** The guarded services: the permissions that their requests need, and the refusals of each protocol. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isObject, type Json, type JsonObject } from '../assembly/values/json';
import { answerQueryError, readQuery } from '../endpoint/query-protocol';
import { isFormOfBucket } from '../s3/bucket-forms';
import { hideMissing } from '../s3/hidden-objects';
import { type AuthorizeForm, missingField } from '../s3/post-object';
import { S3Error } from '../s3/s3-error';
import { newRequestIds, S3Response } from '../s3/s3-response';
import { fromQuery } from '../sqs/query-shapes';
import type { Access, AccessApp, WantedAccess } from './access';
import { denialMessage } from './denial';
import { JSON_FAULTS, QUERY_FAULTS, S3_FAULTS } from './fault-codes';
import type { GuardedProtocol } from './guarded-service';
import { cloudFormationAccess, secretsAccess, ssmAccess } from './requests/configuration-access';
import { dynamoDbAccess } from './requests/dynamodb-access';
import { lambdaAccess } from './requests/lambda-access';
import { eventsAccess, snsAccess, sqsAccess } from './requests/messaging-access';
import { s3Access, s3FormAccess, s3Listing } from './requests/s3-access';
import { SignatureFault } from './signature-fault';

const CORAL = 'com.amazon.coral.service#';
const MEGABYTE = 1024 * 1024;

type Refusals = Pick<GuardedProtocol, 'refuseSignature' | 'refuseAccess'>;

/** For a DynamoDB that runs elsewhere. The built-in one authorizes requests itself. */
export const DYNAMODB: GuardedProtocol = {
  service: 'dynamodb',
  maxBodyBytes: 16 * MEGABYTE,
  wanted: (request, body, { app }) => dynamoDbAccess(operationOf(request), parsed(body) ?? {}, app),
  refuseSignature: (request, response, { kind, message }) =>
    sendJson(request, response, 400, { __type: `${CORAL}${JSON_FAULTS[kind]}`, message }),
  refuseAccess: (request, response, message) =>
    sendJson(request, response, 400, { __type: `${CORAL}AccessDeniedException`, Message: message }),
};

/** DynamoDB and the gateway's APIs are missing, because they authorize requests themselves. */
export const PROTOCOLS: readonly GuardedProtocol[] = [
  json('ssm', ssmAccess),
  json('secretsmanager', secretsAccess),
  json('events', eventsAccess, 8 * MEGABYTE),
  sqs(),
  query('sns', 'http://sns.amazonaws.com/doc/2010-03-31/', 'AuthorizationError', snsAccess),
  query(
    'cloudformation',
    'http://cloudformation.amazonaws.com/doc/2010-05-15/',
    'AccessDenied',
    cloudFormationAccess,
  ),
  lambda(),
  s3(),
];

type Reader = (action: string, input: JsonObject, app: AccessApp) => WantedAccess[];

function json(service: string, read: Reader, maxBodyBytes = MEGABYTE): GuardedProtocol {
  return {
    ...{ service, maxBodyBytes },
    wanted: (request, body, { app }) => read(operationOf(request), objectIn(body), app),
    refuseSignature: (request, response, { kind, message }) =>
      sendJson(request, response, 400, { __type: JSON_FAULTS[kind], message }),
    refuseAccess: (request, response, message) =>
      sendJson(request, response, 400, { __type: 'AccessDeniedException', Message: message }),
  };
}

function query(service: string, namespace: string, deniedCode: string, read: Reader): GuardedProtocol {
  return {
    ...{ service, maxBodyBytes: 2 * MEGABYTE },
    wanted: (request, body, { app }) => {
      const { action, input } = readQuery(request.url ?? '', body) ?? { action: '', input: {} };
      return read(action, input, app);
    },
    ...queryRefusals(namespace, deniedCode),
  };
}

function queryRefusals(namespace: string, deniedCode: string): Refusals {
  return {
    refuseSignature: (_, response, { kind, message }) =>
      answerQueryError(response, kind === 'incomplete' ? 400 : 403, QUERY_FAULTS[kind], message, namespace),
    refuseAccess: (_, response, message) => answerQueryError(response, 403, deniedCode, message, namespace),
  };
}

/** SQS's JSON protocol has the error codes of the Query protocol in a header. */
function sqs(): GuardedProtocol {
  const inQuery = queryRefusals('http://queue.amazonaws.com/doc/2012-11-05/', 'AccessDenied');
  const isJson = ({ headers }: IncomingMessage) => headers['x-amz-target'] !== undefined;
  const refuse = (
    request: IncomingMessage,
    response: ServerResponse,
    status: number,
    [type, code, message]: [type: string, code: string, message: string],
  ) =>
    sendJson(
      request,
      response,
      status,
      { __type: `${CORAL}${type}`, message },
      { 'x-amzn-query-error': `${code};Sender` },
    );
  return {
    ...{ service: 'sqs', maxBodyBytes: 8 * MEGABYTE },
    wanted: (request, body, { app }) => {
      const path = request.url ?? '';
      if (isJson(request)) return sqsAccess(operationOf(request), objectIn(body), path, app);
      const { action, input } = readQuery(path, body) ?? { action: '', input: {} };
      return sqsAccess(action, fromQuery(input), path, app);
    },
    refuseSignature: (request, response, fault) => {
      if (!isJson(request)) return inQuery.refuseSignature(request, response, fault);
      refuse(request, response, 403, [JSON_FAULTS[fault.kind], QUERY_FAULTS[fault.kind], fault.message]);
    },
    refuseAccess: (request, response, message, denial) => {
      if (!isJson(request)) return inQuery.refuseAccess(request, response, message, denial);
      refuse(request, response, 403, ['AccessDeniedException', 'AccessDenied', message]);
    },
  };
}

function lambda(): GuardedProtocol {
  const refuse = (
    request: IncomingMessage,
    response: ServerResponse,
    type: string,
    content: Record<string, string>,
  ) =>
    sendJson(request, response, 403, content, {
      'content-type': 'application/json',
      'x-amzn-errortype': type,
    });
  return {
    ...{ service: 'lambda', maxBodyBytes: 6 * MEGABYTE + 1 },
    wanted: ({ method = '', url = '' }, _, { app }) => lambdaAccess(method, url, app),
    refuseSignature: (request, response, { kind, message }) =>
      refuse(request, response, JSON_FAULTS[kind], { message }),
    refuseAccess: (request, response, message) =>
      refuse(request, response, 'AccessDeniedException', { Message: message }),
  };
}

function s3(): GuardedProtocol {
  const refuse = (request: IncomingMessage, response: ServerResponse, error: S3Error) =>
    new S3Response(request, response, newRequestIds()).error(error);
  return {
    ...{ service: 's3', maxBodyBytes: undefined },
    isSignedInBody: isFormOfBucket,
    wanted: (request, _, { app }) => s3Access(request, app),
    refuseSignature: (request, response, fault) => refuse(request, response, s3Fault(fault)),
    refuseAccess: (request, response, message) =>
      refuse(request, response, new S3Error(403, 'AccessDenied', message)),
    admitted: (request, caller, access) => {
      if (access.mayDoEverything(caller) || (request.method !== 'GET' && request.method !== 'HEAD')) return;
      const listing = s3Listing(request, access.app);
      const denial = listing && access.judge(caller, listing);
      if (denial) hideMissing(request, new S3Error(403, 'AccessDenied', denialMessage(denial)));
    },
  };
}

const SIGNATURE_FIELDS = ['X-Amz-Algorithm', 'X-Amz-Credential', 'X-Amz-Date', 'X-Amz-Signature'];

/** Authorizes the upload forms that S3 gets. */
export function formAuthorizer(access: Access): AuthorizeForm {
  return (form) => {
    if (form.fields.has('policy')) {
      const missing = SIGNATURE_FIELDS.find((name) => !form.fields.has(name.toLowerCase()));
      if (missing !== undefined) throw missingField(missing);
    }
    try {
      const caller = access.authenticateForm(form.fields);
      for (const wanted of s3FormAccess(form, access.app)) {
        const denial = access.refusal(caller, wanted);
        if (denial) throw new S3Error(403, 'AccessDenied', denialMessage(denial));
      }
    } catch (error) {
      throw error instanceof SignatureFault ? s3Fault(error) : error;
    }
  };
}

function s3Fault({ kind, message }: SignatureFault): S3Error {
  const { code, status } = S3_FAULTS[kind];
  const words: Partial<Record<SignatureFault['kind'], string>> = {
    missing: 'Access Denied',
    'unknown key': 'The AWS Access Key Id you provided does not exist in our records.',
    'wrong token': 'The provided token is malformed or otherwise invalid.',
    mismatch:
      'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
  };
  return new S3Error(status, code, words[kind] ?? message);
}

/** The operation in the target header. */
function operationOf({ headers }: IncomingMessage): string {
  return (
    String(headers['x-amz-target'] ?? '')
      .split('.')
      .at(-1) ?? ''
  );
}

function objectIn(body: Buffer): JsonObject {
  const value = parsed(body);
  return isObject(value) ? value : {};
}

/** Undefined for anything that is not JSON, which the service itself refuses. */
function parsed(body: Buffer): Json | undefined {
  try {
    return JSON.parse(body.toString());
  } catch {
    return undefined;
  }
}

function sendJson(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  content: Record<string, string>,
  headers: Record<string, string> = {},
): void {
  const text = JSON.stringify(content);
  response.writeHead(status, {
    'content-type': request.headers['content-type'] ?? 'application/json',
    'content-length': Buffer.byteLength(text),
    'x-amzn-requestid': randomUUID(),
    ...headers,
  });
  response.end(text);
}
