/** Incoming files with unique names and one HL7 message each, moved into the bucket's folder or put through S3. */
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';

const PUTS_AT_A_TIME = 8;

export class IncomingFiles {
  readonly #prepared: string;
  readonly #client: S3Client;
  #made = 0;

  constructor(
    home: string,
    private readonly incoming: string,
    private readonly exported: Record<string, string>,
  ) {
    this.#prepared = join(home, 'prepared');
    mkdirSync(this.#prepared);
    const { AWS_ENDPOINT_URL = '', AWS_REGION = '' } = exported;
    const { AWS_ACCESS_KEY_ID = '', AWS_SECRET_ACCESS_KEY = '' } = exported;
    this.#client = new S3Client({
      ...{ endpoint: AWS_ENDPOINT_URL, region: AWS_REGION, forcePathStyle: true },
      credentials: { accessKeyId: AWS_ACCESS_KEY_ID, secretAccessKey: AWS_SECRET_ACCESS_KEY },
    });
  }

  /** Adds this many files at the same time, each one atomically. */
  move(count: number): void {
    const names = this.#names(count);
    for (const name of names) writeFileSync(join(this.#prepared, name), messageOf(name));
    for (const name of names) renameSync(join(this.#prepared, name), join(this.incoming, name));
  }

  async put(count: number): Promise<void> {
    const names = this.#names(count);
    const putter = async () => {
      for (let name = names.pop(); name !== undefined; name = names.pop()) {
        const object = { Bucket: this.exported.INCOMING_BUCKET, Key: name, Body: messageOf(name) };
        await this.#client.send(new PutObjectCommand(object));
      }
    };
    await Promise.all(Array.from({ length: PUTS_AT_A_TIME }, putter));
  }

  close(): void {
    this.#client.destroy();
  }

  #names(count: number): string[] {
    return Array.from({ length: count }, () => `${++this.#made}.hl7`);
  }
}

function messageOf(controlId: string): string {
  return `MSH|^~\\&|FICTION|NOWHERE|||20260131093000+0100||ADT^A01|${controlId}|P|2.5\rPID|1||000001||DOE^JANE\r`;
}
