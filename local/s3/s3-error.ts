/** S3's errors, as its API reference lists them under "Error responses". */
export class S3Error extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    /** More elements of the response, such as the key. */
    readonly details: Record<string, string> = {},
  ) {
    super(message);
  }
}

export function noSuchKey(key: string): S3Error {
  return new S3Error(404, 'NoSuchKey', 'The specified key does not exist.', { Key: key });
}

export function preconditionFailed(condition: string): S3Error {
  return new S3Error(
    412,
    'PreconditionFailed',
    'At least one of the pre-conditions you specified did not hold',
    { Condition: condition },
  );
}

export function invalidArgument(name: string, value: string, message: string): S3Error {
  return new S3Error(400, 'InvalidArgument', message, { ArgumentName: name, ArgumentValue: value });
}

export function notImplemented(what: string): S3Error {
  return new S3Error(
    501,
    'NotImplemented',
    `${what} is not supported on this machine. Supported are GET, HEAD, PUT and DELETE of an object, POST of a form, multipart uploads, ListObjectsV2, ListBuckets, HeadBucket and GetBucketLocation.`,
  );
}
