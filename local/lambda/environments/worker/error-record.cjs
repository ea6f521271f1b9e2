// Errors as Lambda's Node.js runtime records them.
'use strict';

/**
 * The response of a failed invocation. Source: https://github.com/aws/aws-lambda-nodejs-runtime-interface-client,
 * src/utils/error.ts.
 */
function errorRecord(error) {
  try {
    if (error instanceof Error) {
      return {
        errorType: String(error.name),
        errorMessage: String(error.message),
        trace: String(error.stack ?? '').split('\n'),
      };
    }
    return { errorType: typeof error, errorMessage: String(error), trace: [] };
  } catch {
    return { errorType: 'handled', errorMessage: 'The error thrown cannot be read', trace: [] };
  }
}

function namedError(name, message, options) {
  const error = new Error(message, options);
  error.name = name;
  // The stack was created before the name was set.
  error.stack = String(error.stack).replace(/^Error/, name);
  return error;
}

module.exports = { errorRecord, namedError };
