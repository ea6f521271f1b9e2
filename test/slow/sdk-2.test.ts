/** The AWS SDK for JavaScript 2 in a function, bundled as people did, with an endpoint in the form of the events. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { Fixture, REGION } from '../local/lambda/function-fixture';

jest.setTimeout(60_000);

const SDK_2 = join(__dirname, '../../.cache/aws-sdk-2/node_modules/aws-sdk');
const DOMAIN_NAME = `abcdefghij.execute-api.${REGION}.amazonaws.com`;

const HANDLER = `
  const ApiGatewayManagementApi = require('${SDK_2}/clients/apigatewaymanagementapi');
  exports.handler = async ({ domainName, stage, ids }) => {
    const client = new ApiGatewayManagementApi({ endpoint: domainName + '/' + stage });
    const posts = ids.map((ConnectionId) => client.postToConnection({ ConnectionId, Data: 'hi' }).promise());
    const outcomes = await Promise.allSettled(posts);
    return outcomes.map(({ status, reason }) => reason?.code ?? status);
  };`;

describe('The AWS SDK for JavaScript 2 in a function', () => {
  const fixture = new Fixture();
  const requests: (string | undefined)[][] = [];
  let gateway: Server;

  beforeAll(async () => {
    gateway = createServer((request, response) => {
      requests.push([request.method, request.headers.host, request.url]);
      request.resume();
      const isGone = request.url?.endsWith('gone');
      response.writeHead(isGone ? 410 : 200, isGone ? { 'x-amzn-ErrorType': 'GoneException' } : {});
      response.end();
    });
    await once(gateway.listen(0, '127.0.0.1'), 'listening');
  });
  afterAll(async () => {
    await fixture.closeHosts();
    gateway.closeAllConnections();
    gateway.close();
    fixture.remove();
  });

  it('posts over HTTPS if its endpoint has no scheme', async () => {
    const { outputFiles } = buildSync({
      stdin: { contents: HANDLER, resolveDir: __dirname },
      ...{ bundle: true, platform: 'node', format: 'cjs', write: false, logLevel: 'error' },
    });
    const code = outputFiles[0]?.text ?? '';
    const host = fixture.host([fixture.function('Posting', { 'index.js': code })], {
      endpoint: () => ({ host: '127.0.0.1', port: (gateway.address() as AddressInfo).port }),
    });
    const event = { domainName: DOMAIN_NAME, stage: 'prod', ids: ['here', 'gone'] };
    const { payload } = await host.invoke('Posting', JSON.stringify(event));
    expect(payload).toBe('["fulfilled","GoneException"]');
    expect(requests.toSorted()).toEqual([
      ['POST', DOMAIN_NAME, '/prod/@connections/gone'],
      ['POST', DOMAIN_NAME, '/prod/@connections/here'],
    ]);
  });
});
