/** The responses of each kind of API if it cannot pass on a request, or if its function fails. */
import type { HttpApiKind } from '../assembly/model';

export interface Failure {
  statusCode: number;
  /** `x-amzn-errortype`, if the kind has one. */
  errorType?: string;
  /** `www-authenticate`, for a JWT authorizer. */
  wwwAuthenticate?: string;
  body: string;
}

export type FailureCause =
  | 'noStage'
  | 'noRoute'
  /** The caller has no permission. REST APIs do not use this, because they give a reason. */
  | 'forbidden'
  /** The API has no permission to invoke the function. */
  | 'notPermitted'
  | 'failed'
  | 'timedOut'
  | 'tooLarge'
  /** The function has no capacity. */
  | 'throttled'
  /** The API's or the account's throttling. */
  | 'tooManyRequests';

/** Reported by users since 2025. */
const URL_FORBIDDEN: Failure = {
  statusCode: 403,
  errorType: 'AccessDeniedException',
  body: upperMessage(
    'Forbidden. For troubleshooting Function URL authorization issues, see: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html',
  ),
};

const URL_RATE_EXCEEDED: Failure = {
  statusCode: 429,
  errorType: 'TooManyRequestsException',
  body: upperMessage('Rate Exceeded.'),
};

/**
 * Sources: "Gateway response types" (REST), "Troubleshooting issues with HTTP API Lambda integrations", "Lambda
 * function URLs"; of `notPermitted` of a REST API, floci's design of resource policies, which has responses recorded
 * on AWS.
 */
const FAILURES: Record<HttpApiKind, Record<FailureCause, Failure>> = {
  REST: {
    noStage: { statusCode: 403, errorType: 'ForbiddenException', body: message('Forbidden') },
    noRoute: {
      statusCode: 403,
      errorType: 'MissingAuthenticationTokenException',
      body: message('Missing Authentication Token'),
    },
    forbidden: { statusCode: 403, errorType: 'ForbiddenException', body: message('Forbidden') },
    notPermitted: {
      statusCode: 500,
      errorType: 'InternalServerErrorException',
      body: '{"message": "Internal server error"}',
    },
    failed: {
      statusCode: 502,
      errorType: 'InternalServerErrorException',
      body: '{"message": "Internal server error"}',
    },
    timedOut: { statusCode: 504, body: '{"message": "Endpoint request timed out"}' },
    tooLarge: { statusCode: 413, errorType: 'RequestTooLargeException', body: message('Request Too Long') },
    throttled: { statusCode: 502, body: '{"message": "Internal server error"}' },
    tooManyRequests: {
      statusCode: 429,
      errorType: 'TooManyRequestsException',
      body: message('Too Many Requests'),
    },
  },
  HTTP: {
    noStage: { statusCode: 404, body: message('Not Found') },
    noRoute: { statusCode: 404, body: message('Not Found') },
    forbidden: { statusCode: 403, body: message('Forbidden') },
    notPermitted: { statusCode: 500, body: message('Internal Server Error') },
    failed: { statusCode: 500, body: message('Internal Server Error') },
    timedOut: { statusCode: 503, body: message('Service Unavailable') },
    tooLarge: { statusCode: 413, body: message('Request Entity Too Large') },
    throttled: { statusCode: 503, body: message('Service Unavailable') },
    tooManyRequests: { statusCode: 429, body: message('Too Many Requests') },
  },
  FUNCTION_URL: {
    noStage: { statusCode: 403, errorType: 'AccessDeniedException', body: upperMessage('Forbidden') },
    noRoute: { statusCode: 403, errorType: 'AccessDeniedException', body: upperMessage('Forbidden') },
    forbidden: URL_FORBIDDEN,
    notPermitted: URL_FORBIDDEN,
    failed: { statusCode: 502, errorType: 'InternalServerErrorException', body: 'Internal Server Error' },
    timedOut: { statusCode: 504, body: 'Endpoint request timed out' },
    tooLarge: { statusCode: 413, body: upperMessage('Request must be smaller than 6291456 bytes') },
    throttled: URL_RATE_EXCEEDED,
    tooManyRequests: URL_RATE_EXCEEDED,
  },
};

export function failureOf(kind: HttpApiKind, cause: FailureCause): Failure {
  return FAILURES[kind][cause];
}

export function message(text: string): string {
  return JSON.stringify({ message: text });
}

export function upperMessage(text: string): string {
  return JSON.stringify({ Message: text });
}
