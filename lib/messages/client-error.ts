/** What a client is sent when its request is refused. No other error's text ever reaches a client. */
import { InvalidValueError } from '../errors';

export interface ClientErrorOptions extends ErrorOptions {
  /** In `onPreServer`: the status with which the handshake is refused, from 400 to 499. @default 403 */
  status?: number;
}

/** Thrown by a hook to refuse a client's request. `code` is for programs, `message` for people. Both are sent to the client. */
export class ClientError extends Error {
  /** The HTTP status of a refused handshake. */
  readonly status: number;

  /** @throws InvalidValueError for a status that is not from 400 to 499 */
  constructor(
    readonly code: string,
    message: string,
    { status = 403, ...options }: ClientErrorOptions = {},
  ) {
    super(message, options);
    this.name = new.target.name;
    if (!Number.isInteger(status) || status < 400 || status > 499) {
      throw new InvalidValueError(
        `The status of a ClientError is ${status}, but it must be a whole number from 400 to 499.`,
      );
    }
    this.status = status;
  }

  /** What the client is sent besides code and message. */
  get details(): Record<string, unknown> {
    return {};
  }
}

/** Where a message does not fit, and why. */
export interface MessageIssue {
  /** Such as `answers[2].text`; empty for the message as a whole. */
  path: string;
  message: string;
}

/** A message that does not fit the schema of its class. */
export class InvalidMessageError extends ClientError {
  constructor(readonly issues: readonly MessageIssue[]) {
    const [first] = issues;
    const where = first?.path ? `${first.path}: ` : '';
    super('InvalidMessage', `${where}${first?.message ?? 'The message does not fit.'}`, { status: 400 });
  }

  override get details(): Record<string, unknown> {
    return { issues: this.issues };
  }
}
