/** The deployed notifications with one permanent subscriber, and the incoming files. */
import { GetFunctionConfigurationCommand, UpdateFunctionConfigurationCommand } from '@aws-sdk/client-lambda';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import type { S3Event } from '../../functions/ingest/s3-event';
import type { ChatClient } from '../runtime/chat-client';
import type { DeployedRole } from './deployed-role';
import { DeployedService } from './deployed-service';
import type { Deployment } from './deployment';

export class DeployedNotifications extends DeployedService {
  readonly #s3: S3Client;
  #files = 0;

  /** @param credentials the users that the verifier accepts */
  constructor(
    deployment: Deployment,
    private readonly credentials: { User: string; Password: string },
  ) {
    super(deployment, 'Notifications', 'notifications');
    this.#s3 = new S3Client({ ...deployment.ministack.client, forcePathStyle: true });
  }

  /** A client that is subscribed to everything. */
  async newcomer(): Promise<ChatClient> {
    const client = await this.stranger();
    client.send(this.credentials);
    await client.hears('Subscriptions');
    return client;
  }

  /** A client that has not signed in yet. */
  stranger(): Promise<ChatClient> {
    return this.connect();
  }

  /** Resolves when the service has closed the connection. */
  async turnedAway(stranger: ChatClient): Promise<{ code: number }> {
    const closed = await stranger.closed();
    this.forget(stranger);
    return closed;
  }

  /** A file arrives: the subscriber is notified, and this is recorded. */
  async fileComes(): Promise<void> {
    const subscriber = await this.resident();
    const { controlId } = await this.#put();
    const { Id } = await subscriber.hears('Notification', ({ ControlId }) => ControlId === controlId);
    const [file] = String(Id).split('.');
    await this.until(
      () => this.partition(`FILE#${file}`),
      ([message]) => message?.done === true,
    );
  }

  /** The function is notified twice of the same file. */
  async fileComesTwice(): Promise<void> {
    const { event } = await this.#put();
    await this.invoke('Incoming handler', event);
    await this.invoke('Incoming handler', event);
  }

  /** A file's notification notices that a subscriber is gone. */
  async fileMeetsGhost(): Promise<void> {
    const [ghost = ''] = await this.haunt(1, { channel: 'all' });
    await this.fileComes();
    await this.settled(ghost);
  }

  /**
   * A process with the function's grants does what Lambda does with failed events. ministack does it without checking
   * IAM.
   */
  async sendDeadLetter({ environment }: DeployedRole): Promise<void> {
    const { ministack, deadLetterQueue } = this.deployment;
    const message = ['--queue-url', deadLetterQueue, '--message-body', '{}'];
    await ministack.awsAs(environment, 'sqs', 'send-message', ...message);
  }

  /** A client signs in to an environment of the function that has not read the users yet. */
  async firstVerification(source: string): Promise<void> {
    await this.readUsersFrom(source);
    await this.newcomer();
  }

  /** From now on, the routes function has a new environment. */
  async readUsersFrom(CREDENTIALS: string): Promise<void> {
    const { functionName: FunctionName } = this.deployment.function('Notifications routes');
    const { Environment } = await this.lambda.send(new GetFunctionConfigurationCommand({ FunctionName }));
    const Variables = { ...Environment?.Variables, CREDENTIALS };
    await this.lambda.send(
      new UpdateFunctionConfigurationCommand({ FunctionName, Environment: { Variables } }),
    );
  }

  override async close(): Promise<void> {
    await super.close();
    this.#s3.destroy();
  }

  /** Puts a message into the bucket. `event` is its notification, as if it had arrived again. */
  async #put(): Promise<{ controlId: string; event: S3Event }> {
    const controlId = `FILE${++this.#files}`;
    const bucket = this.deployment.incomingBucket;
    const Body = `MSH|^~\\&|FICTION|NOWHERE|||20260131093000||ADT^A01|${controlId}|P|2.5\r`;
    const put = { Bucket: bucket, Key: `${controlId}.hl7`, Body };
    const { VersionId = '', ETag: eTag = '' } = await this.#s3.send(new PutObjectCommand(put));
    const object = { key: put.Key, size: Body.length, eTag, versionId: VersionId, sequencer: 'again' };
    const record = { eventTime: new Date().toISOString(), s3: { bucket: { name: bucket }, object } };
    return { controlId, event: { Records: [record] } };
  }
}
