/** Incoming files and the ingest function, in memory. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FileSource } from '../../../functions/ingest/file-source';
import { ingestHandler } from '../../../functions/ingest/ingest-handler';
import { type IncomingFile, incomingFile, type S3Event } from '../../../functions/ingest/s3-event';
import { notificationsServer } from '../../../functions/notifications/server';
import { lambdaContext, type TestClient, TestService, type TestServiceOptions } from '../../../lib/testing';

export interface Notification {
  Topic: string;
  ControlId: string;
  Id: string;
  [key: string]: unknown;
}

export class Incoming implements FileSource {
  readonly service: TestService;
  readonly #contents = new Map<string, Buffer>();
  readonly #environment: NodeJS.ProcessEnv;

  constructor(environment: NodeJS.ProcessEnv = {}, options: TestServiceOptions = {}) {
    this.service = new TestService(notificationsServer(), { name: 'notifications', ...options });
    this.#environment = { SERVICE_NAME: 'notifications', ...environment };
  }

  /** Puts a file into the bucket, and returns S3's event. */
  put(key: string, content: string | Buffer): S3Event {
    const file = { key: encodeURIComponent(key).replaceAll('%20', '+'), versionId: 'v1', eTag: 'e1' };
    const event = {
      Records: [
        {
          eventTime: '2026-11-30T09:15:00.000Z',
          s3: { bucket: { name: 'files' }, object: { ...file, size: Buffer.byteLength(content) } },
        },
      ],
    };
    for (const record of event.Records) this.#contents.set(incomingFile(record).id, Buffer.from(content));
    return event;
  }

  /** In pieces, as S3 delivers them. */
  async read({ id }: IncomingFile): Promise<AsyncIterable<Uint8Array>> {
    const content = this.#contents.get(id);
    if (!content) throw new Error('NoSuchVersion: The specified version does not exist.');
    return pieces(content);
  }

  /** Runs the ingest function in a new environment. */
  async hear(event: S3Event, remainingMilliseconds = 300_000): Promise<void> {
    const { backend } = this.service;
    const handler = ingestHandler({ files: this, environment: this.#environment, backend });
    await handler(event, lambdaContext({ remainingMilliseconds }));
    await this.service.runQueued();
  }
}

async function* pieces(content: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < content.length; at += 1_000) yield content.subarray(at, at + 1_000);
}

export function notifications(client: TestClient): Notification[] {
  return (client.messages as (Notification & { Type: string })[]).filter(
    ({ Type }) => Type === 'Notification',
  );
}

export function sample(name: string): Buffer {
  return readFileSync(join(__dirname, 'hl7/messages', `${name}.hl7`));
}

/** A batch of this many messages with increasing control ids. Those in `broken` have none. */
export function batch(count: number, broken: number[] = []): string {
  const messages = Array.from({ length: count }, (_, n) => {
    const controlId = broken.includes(n) ? '' : `C${n}`;
    return `MSH|^~\\&|FICTION|NOWHERE|||20260131093000+0100||ADT^A01|${controlId}|P|2.5\rPID|1||000001||DOE^JANE\r`;
  });
  return `BHS|^~\\&|FICTION\r${messages.join('')}BTS|${count}\r`;
}
