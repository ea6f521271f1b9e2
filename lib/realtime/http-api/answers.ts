/** What a method is answered: its result, or an error with a code of the protocol. */
import { InvalidValueError, MessageTooLargeError, TooManyChannelsError } from '../../errors';
import { errors, replyError } from '../realtime-errors';

export interface ApiError {
  code: number;
  message: string;
}

export type ApiAnswer = { result: object } | { error: ApiError };

/** Runs a method. `what` is for the log, if it fails for a reason that callers are not told. */
export async function answerOf(what: string, run: () => Promise<object>): Promise<ApiAnswer> {
  try {
    return { result: await run() };
  } catch (error) {
    return { error: apiError(what, error) };
  }
}

function apiError(what: string, error: unknown): ApiError {
  const told = replyError(translated(error));
  if (told) return { code: told.code, message: told.message };
  console.error(`The API's ${what} failed:`, error);
  const { errorCode: code, message } = errors.internal();
  return { code, message };
}

function translated(error: unknown): unknown {
  if (error instanceof MessageTooLargeError) return errors.limitExceeded(error.message);
  if (error instanceof TooManyChannelsError) return errors.limitExceeded(`${error.limit} channels`);
  if (error instanceof InvalidValueError) return errors.badRequest(error.message);
  return error;
}

/**
 * The statuses for callers that request HTTP statuses. Source: Centrifugo; 400 for errors without a status of their
 * own.
 */
export function statusOf({ code }: ApiError): number {
  switch (code) {
    case 100:
      return 500;
    case 102:
    case 104:
      return 404;
    case 112:
      return 416;
    case 113:
      return 409;
    default:
      return 400;
  }
}
