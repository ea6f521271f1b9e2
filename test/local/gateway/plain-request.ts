/** A plain HTTP request to a running gateway, without an upgrade. */
import { request } from 'node:http';
import { bodyOf, type RunningGateway } from './running-gateway';

/** The response to a plain HTTP request. */
export async function plainRequest(
  gateway: RunningGateway,
  path: string,
  { method = 'GET', host = 'localhost', headers = {} } = {},
) {
  const call = request({
    ...{ host: '127.0.0.1', port: gateway.port, path, method },
    headers: { Host: host, ...headers },
  });
  const response = await new Promise<Parameters<typeof bodyOf>[0]>((resolve, reject) => {
    call.on('response', resolve).on('error', reject).end();
  });
  return { status: response.statusCode, headers: response.headers, body: await bodyOf(response) };
}
