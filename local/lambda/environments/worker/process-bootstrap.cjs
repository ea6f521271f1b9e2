// The entry point of a Node.js function in a process of its own: loads the handler and gets events from the Runtime
// API, one at a time.
'use strict';

const http = require('node:http');
const { redirectAwsHosts } = require('./aws-hosts.cjs');
const { moduleFolders } = require('./code-folder.cjs');
const { loadHandler } = require('./handler.cjs');
const { failed, invocationStyle, reportUncaught } = require('./invocation.cjs');

const { taskRoot, layerRoot, handlerName, nodeMajor, endpoints } = JSON.parse(process.argv[2]);
process.argv.length = 2;
const [hostname, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(':');
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
const invoke = invocationStyle(nodeMajor);

function call(method, path, body) {
  return new Promise((resolve, reject) => {
    const request = http.request({ hostname, port, agent, method, path: `/2018-06-01/runtime/${path}` });
    request.on('error', reject);
    request.on('response', (response) => {
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () =>
        resolve({ headers: response.headers, body: Buffer.concat(chunks).toString() }),
      );
    });
    request.end(body);
  });
}

function contextOf(headers) {
  const { env } = process;
  const deadline = Number(headers['lambda-runtime-deadline-ms']);
  const clientContext = headers['lambda-runtime-client-context'];
  return {
    functionName: env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: env.AWS_LAMBDA_FUNCTION_VERSION,
    invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
    memoryLimitInMB: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: env.AWS_LAMBDA_LOG_STREAM_NAME,
    identity: undefined,
    clientContext: clientContext && JSON.parse(clientContext),
    awsRequestId: headers['lambda-runtime-aws-request-id'],
    getRemainingTimeInMillis: () => deadline - Date.now(),
  };
}

async function main() {
  process.setSourceMapsEnabled(true);
  redirectAwsHosts(endpoints);
  let running;
  reportUncaught(nodeMajor, ({ record }) => {
    const path = running === undefined ? 'init/error' : `invocation/${running}/error`;
    const end = () => process.exit(1);
    call('POST', path, JSON.stringify(record)).then(end, end);
  });
  let handler;
  try {
    handler = await loadHandler(moduleFolders(taskRoot, layerRoot, nodeMajor), handlerName, nodeMajor);
  } catch (error) {
    await call('POST', 'init/error', JSON.stringify(failed('fatal', error).record));
    process.exit(1);
  }
  for (;;) {
    const { headers, body } = await call('GET', 'invocation/next');
    running = headers['lambda-runtime-aws-request-id'];
    process.env._X_AMZN_TRACE_ID = headers['lambda-runtime-trace-id'];
    let answer;
    try {
      answer = await invoke(handler, JSON.parse(body), contextOf(headers));
    } catch (error) {
      answer = failed('error', error);
    }
    if (answer.kind === 'answer') await call('POST', `invocation/${running}/response`, answer.payload);
    else await call('POST', `invocation/${running}/error`, JSON.stringify(answer.record));
  }
}

void main();
