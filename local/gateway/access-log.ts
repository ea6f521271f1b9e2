/**
 * Access logs: one line for each request, in the stage's own format. Source: "Configure logging for a WebSocket API", and the
 * `$context` variables of "WebSocket API mapping template reference".
 */
import type { Log } from '../log';
import type { DeployedStage } from './deployed-stage';
import type { AuthorizerContext } from './events';
import type { IntegrationOutcome } from './integration-outcome';

/** What came of a request. */
export interface Exchange {
  /** The request context of its event. */
  context: object;
  /** Of the answer: of a handshake the client's, of a message what it would be over HTTP. */
  status: number;
  error?: { message: string; validationErrorString?: string } | undefined;
  integration?: IntegrationTrace | undefined;
  authorizer?: { latencyMillis: number; status: number; context?: AuthorizerContext };
}

export interface IntegrationTrace {
  latencyMillis: number;
  /** Absent if the integration has not answered. */
  status?: number;
  /** Of a function. */
  requestId?: string;
  error?: string;
}

/** Of what an integration came to. */
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

/** The status that a request has by its integration, over HTTP. */
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

/** AWS's limit of a format. */
const MAX_FORMAT_BYTES = 3 * 1024;

export class AccessLog {
  readonly #log: Log;

  constructor(log: Log) {
    this.#log = log;
  }

  /** Writes nothing, and does not ask for the exchange, if the stage has no access log. */
  write(stage: DeployedStage, exchange: () => Exchange): void {
    const format = stage.accessLogFormat;
    if (format !== undefined) this.#log.info(`access: ${accessLine(format, exchange())}`);
  }
}

/** The format with its variables filled in; `-` stands for those without a value. */
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

/** A format that was read: its text, and the paths of its variables. */
type Parts = (string | string[])[];

/** By their text: each request of a stage has the same. */
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

/** The variables that come on top of the event's context, and stand before them. */
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

/** A client's user agent and the like must not begin lines of their own. */
function oneLine(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not pass
  return text.replace(/[\u0000-\u001f\u007f]/g, ' ');
}
