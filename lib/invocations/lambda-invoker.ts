/** Asynchronous invocations with AWS's SDK. The only place that imports the Lambda client. */
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import type { Invoker, ServiceRequest } from './invoker';

export class LambdaInvoker implements Invoker {
  readonly #client: LambdaClient;

  constructor(
    client = new LambdaClient({ requestHandler: { connectionTimeout: 2_000, socketTimeout: 10_000 } }),
  ) {
    this.#client = client;
  }

  async invoke(functionName: string, request: ServiceRequest): Promise<void> {
    await this.#client.send(
      new InvokeCommand({
        FunctionName: functionName,
        InvocationType: 'Event',
        Payload: Buffer.from(JSON.stringify(request)),
      }),
    );
  }
}
