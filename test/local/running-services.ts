/** AWS services on a separate port, for SDKs and raw requests. */
import { Endpoint } from '../../local/endpoint/endpoint';
import type { RequestHandler } from '../../local/endpoint/request-router';
import { silentLog } from '../../local/log';

export class RunningServices {
  private constructor(private readonly endpoint: Endpoint) {}

  static async start(services: Record<string, RequestHandler>): Promise<RunningServices> {
    const gateway = { handleUpgrade: () => undefined, handleRequest: () => undefined };
    const endpoint = new Endpoint({ host: '127.0.0.1', port: 0, gateway, services, log: silentLog });
    await endpoint.listen();
    return new RunningServices(endpoint);
  }

  get url(): string {
    return `http://127.0.0.1:${this.endpoint.port}`;
  }

  /** The settings of an SDK's client. */
  get client() {
    return { endpoint: this.url, region: 'us-east-1', maxAttempts: 1 };
  }

  /** A request of the Query protocol, as old SDKs send it. */
  async query(
    service: string,
    parameters: Record<string, string>,
    path = '/',
  ): Promise<{ status: number; text: string }> {
    const response = await fetch(`${this.url}${path}`, {
      method: 'POST',
      headers: {
        authorization: `AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/${service}/aws4_request, SignedHeaders=host, Signature=${'0'.repeat(64)}`,
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: new URLSearchParams(parameters).toString(),
    });
    return { status: response.status, text: await response.text() };
  }

  close(): Promise<void> {
    return this.endpoint.close();
  }
}
