import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { silentFunctionLog } from '../../local/lambda/function-log';
import { ChatClient } from '../runtime/chat-client';
import { type RunningApp, startApp } from '../runtime/running-app';

jest.setTimeout(300_000);

const HANDSHAKES = 60;
/** The most that one may take: three seconds of waiting, and a start among many others on a busy machine. */
const MOST_SECONDS_EACH = 10;

describe(`${HANDSHAKES} handshakes that are cut before their answer`, () => {
  let app: RunningApp;
  /** How long each invocation of a server function took, in milliseconds. */
  const invocations: number[] = [];

  beforeAll(async () => {
    app = await startApp({
      functionLog: {
        ...silentFunctionLog,
        end({ functionName, durationMillis, payload }) {
          if (functionName.includes('Server') && payload.includes('"type":"server"'))
            invocations.push(durationMillis);
        },
      },
    });
  });
  afterAll(() => app?.stop());

  /** Cut after `$connect` has started, and before its response. */
  const cut = async (url: URL) => {
    const socket = connect(Number(url.port), url.hostname);
    await once(socket, 'connect');
    const head = [
      `GET ${url.pathname} HTTP/1.1`,
      `Host: ${url.host}`,
      ...['Upgrade: websocket', 'Connection: Upgrade', 'Sec-WebSocket-Version: 13'],
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ];
    socket.write(`${head.join('\r\n')}\r\n\r\n`);
    await wait(20);
    socket.destroy();
  };
  const megabytes = () => Math.round(process.memoryUsage().rss / 1024 / 1024);

  it('keep the server function running for a few seconds each, and the next client’s no longer', async () => {
    const url = app.runtime.webSocketUrl('chat');
    const before = megabytes();
    await Promise.all(Array.from({ length: HANDSHAKES }, () => cut(new URL(url.replace('ws:', 'http:')))));
    const begun = performance.now();
    const client = await ChatClient.connect(url);
    await client.hears('Status');
    const statusSeconds = (performance.now() - begun) / 1000;
    await app.until(async () => invocations.length > HANDSHAKES);
    const seconds = invocations.reduce((sum, milliseconds) => sum + milliseconds, 0) / 1000;
    process.stdout.write(
      `${HANDSHAKES} cut handshakes: ${seconds.toFixed(0)} s of server() in all, the longest ${(Math.max(...invocations) / 1000).toFixed(1)} s; the process has ${before} MB before and ${megabytes()} MB after; the next client's Status came after ${statusSeconds.toFixed(1)} s\n`,
    );
    expect(seconds).toBeLessThan(HANDSHAKES * MOST_SECONDS_EACH);
    await client.close();
  });
});
