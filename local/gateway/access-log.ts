/**
 * Access logs: one line for each request, in the stage's own format. Source: "Configure logging for a WebSocket API",
 * and the `$context` variables of "WebSocket API mapping template reference".
 */
import type { Log } from '../log';
import type { DeployedStage } from './deployed-stage';
import type { AuthorizerContext } from './events';
import type { IntegrationOutcome } from './integrations/integration-outcome';

/** A request and its outcome. */
export interface Exchange {
  /** The request context of its event. */
  context: object;
  /** The HTTP status; for a message, the one that it would have over HTTP. */
  status: number;
  error?: { message: string; validationErrorString?: string } | undefined;
  integration?: IntegrationTrace | undefined;
  authorizer?: { latencyMillis: number; status: number; context?: AuthorizerContext };
}

export interface IntegrationTrace {
  latencyMillis: number;
  /** Absent if the integration has not answered. */
  status?: number;
  /** The function's. */
  requestId?: string;
  error?: string;
}

export function integrationTrace(outcome: IntegrationOutcome, latencyMillis: number): IntegrationTrace {
  const requestId = 'requestId' in outcome ? outcome.requestId : undefined;
  const status = outcome.kind === 'result' ? outcome.result.statusCode : undefined;
  const error = outcome.kind === 'result' ? undefined : ERRORS[outcome.kind];
  return {
    latencyMillis,
    ...(status !== undefined && { status }),
    ...(requestId && { requestId }),
    ...(error !== undefined && { error }),
  };
}

/** The HTTP status that the integration's outcome gives a request. */
export function statusOf(outcome: IntegrationOutcome): number {
  return outcome.kind === 'result' ? outcome.result.statusCode : STATUSES[outcome.kind];
}

type Failure = Exclude<IntegrationOutcome['kind'], 'result'>;
const STATUSES: Record<Failure, number> = { failed: 502, timedOut: 504, notInvoked: 500 };
const ERRORS: Record<Failure, string> = {
  failed: 'The integration failed',
  timedOut: 'Endpoint request timed out',
  notInvoked: 'The integration could not be called',
};

/** AWS's limit for a format. */
const MAX_FORMAT_BYTES = 3 * 1024;

export class AccessLog {
  readonly #log: Log;

  constructor(log: Log) {
    this.#log = log;
  }

  /** Does nothing if the stage has no access log; then `exchange` is not called. */
  write(stage: DeployedStage, exchange: () => Exchange): void {
    const format = stage.accessLogFormat;
    if (format !== undefined) this.#log.info(`access: ${accessLine(format, exchange())}`);
  }
}

/** Fills in the format's variables. A variable without a value becomes `-`. */
export function accessLine(format: string, exchange: Exchange): string {
  const results = resultsOf(exchange);
  let line = '';
  for (const part of partsOf(format)) {
    if (typeof part === 'string') line += part;
    else line += oneLine(textAt(Object.hasOwn(results, part[0] ?? '') ? results : exchange.context, part));
  }
  return line;
}

const VARIABLE = /\$context\.([A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*)|\$\{context\.([^}]+)\}/g;

/** A parsed format: its text, and the paths of its variables. */
type Parts = (string | string[])[];

/** Parsed formats, by their text. */
const known = new Map<string, Parts>();
const MOST_KNOWN = 100;

function partsOf(format: string): Parts {
  const found = known.get(format);
  if (found) return found;
  const text = format.slice(0, MAX_FORMAT_BYTES);
  const parts: Parts = [];
  let end = 0;
  for (const { index, 0: all, 1: plain, 2: braced } of text.matchAll(VARIABLE)) {
    parts.push(text.slice(end, index), String(plain ?? braced).split('.'));
    end = index + all.length;
  }
  parts.push(text.slice(end));
  if (known.size >= MOST_KNOWN) known.clear();
  known.set(format, parts);
  return parts;
}

/** Variables that are not in the event's context, or that override it. */
function resultsOf({ status, error, integration, authorizer }: Exchange): Record<string, unknown> {
  const message = error?.message;
  return {
    status,
    ...(integration && {
      integrationLatency: integration.latencyMillis,
      integration: {
        latency: integration.latencyMillis,
        status: integration.status,
        integrationStatus: integration.status,
        requestId: integration.requestId,
        error: integration.error,
      },
      integrationStatus: integration.status,
      integrationErrorMessage: integration.error,
    }),
    ...(authorizer && {
      authorizer: {
        ...authorizer.context,
        latency: authorizer.latencyMillis,
        integrationLatency: authorizer.latencyMillis,
        status: authorizer.status,
        integrationStatus: authorizer.status,
      },
      authorize: { latency: authorizer.latencyMillis, status: authorizer.status },
    }),
    ...(message !== undefined && {
      error: {
        message,
        messageString: JSON.stringify(message),
        validationErrorString: error?.validationErrorString,
      },
    }),
  };
}

function textAt(values: unknown, path: string[]): string {
  let value = values;
  for (const name of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return '-';
    value = Reflect.get(value, name);
  }
  return value === undefined || value === null || typeof value === 'object' ? '-' : String(value);
}

/** Values such as the client's user agent must not start new lines. */
function oneLine(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it removes
  return text.replace(/[\u0000-\u001f\u007f]/g, ' ');
}
