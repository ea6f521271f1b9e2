/** The log for programs: one JSON object a line, all on stdout. */
import type { NameForPeople } from '../function-names';
import type { FunctionLog, InvocationEnd, InvocationStart } from '../lambda/function-log';
import { withoutTokens } from '../lambda/hidden-tokens';
import type { Log } from '../log';
import { printableJson } from '../printable';

type Level = 'info' | 'warn' | 'error';

export class JsonLog implements Log {
  readonly #write: (line: string) => void;

  constructor(write: (line: string) => void = (line) => void process.stdout.write(line)) {
    this.#write = write;
  }

  /** `event` is the kind of line. The other fields depend on it. */
  line(level: Level, event: string, fields: object, at = Date.now()): void {
    const line = JSON.stringify({ time: new Date(at).toISOString(), level, event, ...fields });
    this.#write(`${printableJson(line)}\n`);
  }

  info(text: string): void {
    this.line('info', 'message', { text });
  }

  warn(text: string): void {
    this.line('warn', 'message', { text });
  }

  error(text: string): void {
    this.line('error', 'message', { text });
  }
}

export interface JsonFunctionLogOptions {
  nameOf: NameForPeople;
  quiet: boolean;
  /** Whether to include events and results. */
  verbose: boolean;
}

/** An `invocation` for each one that has ended, and an `output` for each line that a function prints. */
export function jsonFunctionLog(
  log: JsonLog,
  { nameOf, quiet, verbose }: JsonFunctionLogOptions,
): FunctionLog {
  return {
    start() {},
    output({ functionName, requestId, at, stream, text }) {
      if (!quiet) log.line('info', 'output', { function: nameOf(functionName), requestId, stream, text }, at);
    },
    end(invocation) {
      const { outcome, endedAt } = invocation;
      if (quiet && outcome.kind === 'success') return;
      const level = outcome.kind === 'success' ? 'info' : 'error';
      log.line(
        level,
        'invocation',
        { function: nameOf(invocation.functionName), ...facts(invocation, verbose) },
        endedAt,
      );
    },
    notice(functionName, text) {
      log.line('warn', 'notice', { function: nameOf(functionName), text });
    },
  };
}

function facts(invocation: InvocationEnd, verbose: boolean): object {
  const { requestId, attempt, coldStart, durationMillis, initMillis, outcome, detail, leftovers } =
    invocation;
  return {
    requestId,
    ...purpose(invocation),
    attempt,
    coldStart,
    durationMs: rounded(durationMillis),
    ...(initMillis !== undefined && { initMs: rounded(initMillis) }),
    ...(outcome.kind === 'failure' && {
      errorType: outcome.errorType,
      errorMessage: outcome.errorMessage,
      ...(detail !== undefined && { detail }),
    }),
    ...(Object.keys(leftovers).length > 0 && { leftovers }),
    ...(verbose && { payload: withoutTokens(invocation.payload), answer: withoutTokens(outcome.payload) }),
  };
}

/** The gateway writes `$default uJo39vlXoAMCHMA=`: a route and a connection. */
function purpose({ subject }: InvocationStart): object {
  if (subject === undefined) return {};
  const space = subject.lastIndexOf(' ');
  return space < 0 ? { subject } : { route: subject.slice(0, space), connection: subject.slice(space + 1) };
}

function rounded(millis: number): number {
  return Math.round(millis * 10) / 10;
}
