/** Reports what functions do to the console, and passes it on to the log. */
import type { NameForPeople } from '../function-names';
import type { FunctionLog } from '../lambda/function-log';
import { type Activity, remember } from './activity';
import { beginningOf } from './hidden-secrets';

/** Long enough for lines of JSON, which are useless if they are cut. */
const OUTPUT_CHARACTERS = 2_000;

/** @param inner also gets everything */
export function functionActivity(activity: Activity, nameOf: NameForPeople, inner: FunctionLog): FunctionLog {
  return {
    start(invocation) {
      const { functionName, requestId, subject, coldStart, attempt } = invocation;
      const totals = activity.totalsOf(functionName);
      totals.running += 1;
      totals.invocations += 1;
      if (coldStart) totals.cold += 1;
      activity.add(
        {
          ...{ kind: 'start', function: nameOf(functionName), request: requestId },
          ...{ cold: coldStart, attempt, ...(subject !== undefined && { subject }) },
        },
        ...(coldStart ? (['invocations', 'cold'] as const) : (['invocations'] as const)),
      );
      inner.start(invocation);
    },
    output(line) {
      const { functionName, requestId, text } = line;
      activity.add({
        ...{ kind: 'output', function: nameOf(functionName), request: requestId },
        text: beginningOf(text, OUTPUT_CHARACTERS),
      });
      inner.output(line);
    },
    end(invocation) {
      const { functionName, requestId, subject, coldStart, attempt, durationMillis, initMillis, outcome } =
        invocation;
      const totals = activity.totalsOf(functionName);
      totals.running -= 1;
      remember(totals.durations, durationMillis);
      const error =
        outcome.kind === 'failure' ? beginningOf(`${outcome.errorType}: ${outcome.errorMessage}`) : undefined;
      if (error !== undefined) totals.errors += 1;
      activity.add(
        {
          ...{ kind: 'end', function: nameOf(functionName), request: requestId, cold: coldStart, attempt },
          ...(subject !== undefined && { subject }),
          millis: durationMillis,
          ...(initMillis !== undefined && { initMillis }),
          ...(error !== undefined && { error }),
        },
        ...(error === undefined ? [] : (['errors'] as const)),
      );
      inner.end(invocation);
    },
    notice(functionName, text) {
      activity.add({ kind: 'notice', function: nameOf(functionName), text: beginningOf(text) });
      inner.notice(functionName, text);
    },
  };
}
