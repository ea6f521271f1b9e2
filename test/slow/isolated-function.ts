/**
 * A process that runs the function of a folder in a process environment, and prints a line when the function has
 * responded.
 */
import { systemClock } from '../../local/clock';
import { FunctionHost } from '../../local/lambda/function-host';
import { silentFunctionLog } from '../../local/lambda/function-log';

const [, , codeDirectory = '', payload = '{}'] = process.argv;

const host = new FunctionHost({
  functions: [
    {
      path: 'App/Isolated',
      functionName: 'Isolated',
      functionArn: 'arn:aws:lambda:us-east-1:000000000000:function:Isolated',
      runtime: 'nodejs22.x',
      codeDirectory,
      handler: 'index.handler',
      environment: {},
      timeoutSeconds: 60,
      memoryMegabytes: 256,
    },
  ],
  region: 'us-east-1',
  accountId: '000000000000',
  clock: systemClock,
  log: silentFunctionLog,
  // Port 9 (discard): the function calls no service.
  endpoint: () => ({ host: '127.0.0.1', port: 9 }),
  isolation: 'process',
});
setInterval(() => {}, 60_000);
void host.invoke('Isolated', payload).then(() => process.stdout.write('answered\n'));
