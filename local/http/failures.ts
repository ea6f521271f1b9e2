/** What each kind of API answers when it cannot pass on a request, or its function fails. */
import type { HttpApiKind } from '../assembly/model';

export interface Failure {
  statusCode: number;
  /** `x-amzn-errortype`, if the kind has one. */
  errorType?: string;
  body: string;
}

export type FailureCause = 'noStage' | 'noRoute' | 'failed' | 'timedOut' | 'tooLarge' | 'throttled';

/** Sources: "Gateway response types" (REST), "Troubleshooting issues with HTTP API Lambda integrations", "Lambda function URLs". */
const FAILURES: Record<HttpApiKind, Record<FailureCause, Failure>> = {
  REST: {
    noStage: { statusCode: 403, errorType: 'ForbiddenException', body: message('Forbidden') },
    noRoute: {
      statusCode: 403,
      errorType: 'MissingAuthenticationTokenException',
      body: message('Missing Authentication Token'),
    },
    failed: {
      statusCode: 502,
      errorType: 'InternalServerErrorException',
      body: '{"message": "Internal server error"}',
    },
    timedOut: { statusCode: 504, body: '{"message": "Endpoint request timed out"}' },
    tooLarge: { statusCode: 413, errorType: 'RequestTooLargeException', body: message('Request Too Long') },
    throttled: { statusCode: 502, body: '{"message": "Internal server error"}' },
  },
  HTTP: {
    noStage: { statusCode: 404, body: message('Not Found') },
    noRoute: { statusCode: 404, body: message('Not Found') },
    failed: { statusCode: 500, body: message('Internal Server Error') },
    timedOut: { statusCode: 503, body: message('Service Unavailable') },
    tooLarge: { statusCode: 413, body: message('Request Entity Too Large') },
    throttled: { statusCode: 503, body: message('Service Unavailable') },
  },
  FUNCTION_URL: {
    noStage: { statusCode: 403, errorType: 'AccessDeniedException', body: upperMessage('Forbidden') },
    noRoute: { statusCode: 403, errorType: 'AccessDeniedException', body: upperMessage('Forbidden') },
    failed: { statusCode: 502, errorType: 'InternalServerErrorException', body: 'Internal Server Error' },
    timedOut: { statusCode: 504, body: 'Endpoint request timed out' },
    tooLarge: { statusCode: 413, body: upperMessage('Request must be smaller than 6291456 bytes') },
    throttled: {
      statusCode: 429,
      errorType: 'TooManyRequestsException',
      body: upperMessage('Rate Exceeded.'),
    },
  },
};

export function failureOf(kind: HttpApiKind, cause: FailureCause): Failure {
  return FAILURES[kind][cause];
}

function message(text: string): string {
  return JSON.stringify({ message: text });
}

function upperMessage(text: string): string {
  return JSON.stringify({ Message: text });
}
