/** Receives what functions do: each start, each line of output and each end of an invocation. */
import { join } from 'node:path';
import type { Log } from '../log';
import { withoutTokens } from './hidden-tokens';
import type { InvocationOutcome } from './invocation';

const WORKER_DIRECTORY = join(__dirname, 'environments', 'worker');

export interface InvocationStart {
  functionName: string;
  requestId: string;
  /** Milliseconds since the epoch. */
  startedAt: number;
  /** The function's event, as JSON text. */
  payload: string;
  /** What the invocation is for: `$default uJo39vlXoAMCHMA=`. */
  subject?: string;
  /** 1, or more for a retried event. */
  attempt: number;
  coldStart: boolean;
}

export interface OutputLine {
  functionName: string;
  requestId: string;
  /** Milliseconds since the epoch. */
  at: number;
  stream: 'stdout' | 'stderr';
  text: string;
}

export interface InvocationEnd extends InvocationStart {
  /** Milliseconds since the epoch. */
  endedAt: number;
  durationMillis: number;
  /** What Lambda would bill: duration and init phase, in whole milliseconds. */
  billedMillis: number;
  /** How long the environment took to start, if this invocation started it. */
  initMillis?: number;
  outcome: InvocationOutcome;
  /** The error with its stack and causes, with lines of the source files. */
  detail?: string;
  /** Pending work by kind (`timer`, `request` …). It is frozen until the environment's next event. */
  leftovers: Readonly<Record<string, number>>;
}

export interface FunctionLog {
  start(invocation: InvocationStart): void;
  output(line: OutputLine): void;
  end(invocation: InvocationEnd): void;
  /** What belongs to no single invocation, such as a dropped event. */
  notice(functionName: string, text: string): void;
}

export const silentFunctionLog: FunctionLog = { start() {}, output() {}, end() {}, notice() {} };

export interface TextLogOptions {
  /** The readable name of a function. @default the name itself */
  nameOf?: (functionName: string) => string;
  /** @default hours to milliseconds in the process's own time zone */
  timeOfDay?: (at: number) => string;
  /** Logs only errors: failed invocations, and postponed or dropped events. @default false */
  quiet?: boolean;
  /** Also logs events and results. @default false */
  verbose?: boolean;
}

/** Writes one line for each invocation (`10:15:03.123 ChatRoutes 12 ms`), with its output above and its error below. */
export function textFunctionLog(log: Log, options: TextLogOptions = {}): FunctionLog {
  const { nameOf = (functionName) => functionName, timeOfDay = localTimeOfDay } = options;
  const { quiet = false, verbose = false } = options;
  const summaryOf = ({ endedAt, functionName, subject, durationMillis, ...rest }: InvocationEnd) => {
    const purpose = subject === undefined ? '' : ` ${subject}`;
    const cold = rest.initMillis === undefined ? '' : ` (started in ${Math.round(rest.initMillis)} ms)`;
    const again = rest.attempt > 1 ? ` (attempt ${rest.attempt})` : '';
    return `${timeOfDay(endedAt)} ${nameOf(functionName)}${purpose} ${milliseconds(durationMillis)} ms${cold}${again}`;
  };
  return {
    start({ startedAt, functionName, payload }) {
      if (verbose) log.info(`${timeOfDay(startedAt)} ${nameOf(functionName)} < ${withoutTokens(payload)}`);
    },
    output({ at, functionName, text }) {
      if (!quiet) log.info(`${timeOfDay(at)} ${nameOf(functionName)} | ${text}`);
    },
    end(invocation) {
      const { outcome, detail, endedAt, functionName } = invocation;
      if (verbose)
        log.info(`${timeOfDay(endedAt)} ${nameOf(functionName)} > ${withoutTokens(outcome.payload)}`);
      if (outcome.kind === 'failure') {
        const text = withoutInnerFrames(detail ?? `${outcome.errorType}: ${outcome.errorMessage}`);
        log.error(`${summaryOf(invocation)} ${indented(text)}`);
      }
      if (quiet) return;
      if (outcome.kind === 'success') log.info(summaryOf(invocation));
      const left = leftoversOf(invocation.leftovers);
      if (left !== '') {
        log.warn(
          `${timeOfDay(endedAt)} ${nameOf(functionName)} left ${left} pending: ` +
            'as on Lambda, none of it continues before the next event. Await it before the handler returns.',
        );
      }
    },
    notice(functionName, text) {
      log.warn(`${nameOf(functionName)}: ${text}`);
    },
  };
}

function milliseconds(duration: number): string {
  return duration < 10 ? duration.toFixed(1) : String(Math.round(duration));
}

function leftoversOf(leftovers: Readonly<Record<string, number>>): string {
  return Object.entries(leftovers)
    .map(([what, count]) => `${count} ${what}${count === 1 ? '' : 's'}`)
    .join(', ');
}

/** Removes the stack frames of Node.js and of the host itself. */
function withoutInnerFrames(detail: string): string {
  const kept: string[] = [];
  for (const line of detail.split('\n')) {
    if (!/^\s+at /.test(line) || !(line.includes('node:internal/') || line.includes(WORKER_DIRECTORY)))
      kept.push(line);
    // Such a frame may also open the braces around the error's properties.
    else if (line.endsWith(' {')) kept.push(`${kept.pop() ?? ''} {`);
  }
  return kept.join('\n');
}

function indented(text: string): string {
  return text.split('\n').join('\n    ');
}

/** In the user's local time. */
function localTimeOfDay(at: number): string {
  const time = new Date(at);
  const digits = (value: number, length = 2) => String(value).padStart(length, '0');
  return `${digits(time.getHours())}:${digits(time.getMinutes())}:${digits(time.getSeconds())}.${digits(time.getMilliseconds(), 3)}`;
}
