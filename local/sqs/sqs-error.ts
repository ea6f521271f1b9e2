/** An error of SQS, with its code in the Query protocol, which older SDKs check, and its name in the JSON protocol. */
export class SqsError extends Error {
  constructor(
    readonly code: string,
    message: string,
    /** For the JSON protocol. @default derived from the code */
    readonly shape: string = `com.amazonaws.sqs#${code.split('.').at(-1)}`,
    readonly status: number = 400,
  ) {
    super(message);
  }
}

export function invalidParameter(message: string): SqsError {
  return new SqsError(
    'InvalidParameterValue',
    message,
    'com.amazon.coral.service#InvalidParameterValueException',
  );
}

export function missingParameter(name: string): SqsError {
  return new SqsError(
    'MissingParameter',
    `The request must contain the parameter ${name}.`,
    'com.amazon.coral.service#MissingRequiredParameterException',
  );
}

export function noSuchQueue(): SqsError {
  return new SqsError(
    'AWS.SimpleQueueService.NonExistentQueue',
    'The specified queue does not exist.',
    'com.amazonaws.sqs#QueueDoesNotExist',
  );
}

export function unknownHandle(handle: string): SqsError {
  return new SqsError(
    'ReceiptHandleIsInvalid',
    `The input receipt handle "${handle}" is not a valid receipt handle.`,
  );
}
