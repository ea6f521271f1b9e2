import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ChatClient } from '../runtime/chat-client';
import { type RunningApp, startApp } from '../runtime/running-app';

jest.setTimeout(60_000);

const AWS = join(__dirname, '../../.cache/python/bin/aws');
const SAMPLE = join(__dirname, '../functions/ingest/hl7/messages/adt-a01.hl7');

describe('aws s3 cp into the incoming bucket', () => {
  const home = mkdtempSync(join(tmpdir(), 'incoming-'));
  let app: RunningApp;

  beforeAll(async () => {
    app = await startApp({ incomingDirectory: join(home, 'incoming') });
  });
  afterAll(async () => {
    await app.stop();
    rmSync(home, { recursive: true });
  });

  it('notifies everyone each time, with only the exported variables', async () => {
    const client = await ChatClient.connect(app.runtime.webSocketUrl('notifications'));
    await client.hears('Subscriptions');
    const bucket = app.exported.INCOMING_BUCKET;
    for (let times = 1; times <= 2; times++) {
      await promisify(execFile)(AWS, ['s3', 'cp', SAMPLE, `s3://${bucket}/`], { env: app.exported });
      await client.until(() => client.frames.length === 1 + times);
    }
    expect(client.frames.slice(1)).toMatchObject([
      { Type: 'Notification', Topic: 'adt', Source: 'adt-a01.hl7' },
      { Type: 'Notification', Topic: 'adt', Source: 'adt-a01.hl7' },
    ]);
    await client.close();
  });
});
