/** Errors with SNS's codes and messages. */
export class SnsError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly status = 400,
  ) {
    super(message);
  }
}

export function invalidParameter(text: string): SnsError {
  return new SnsError('InvalidParameter', `Invalid parameter: ${text}`);
}
