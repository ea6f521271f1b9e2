/** The notifications' steps, from connecting to a publication to ten thousand clients. */

import type { FileSource } from '../../functions/ingest/file-source';
import { Ingest } from '../../functions/ingest/ingest';
import type { IncomingFile } from '../../functions/ingest/s3-event';
import { NotificationLog } from '../../functions/notifications/notification-log';
import { notificationsServer } from '../../functions/notifications/server';
import { channelOf, EVERYTHING } from '../../functions/notifications/topics';
import type { PublishOptions } from '../../lib';
import { memberKey } from '../../lib/connections/connection-items';
import { newWebSocketId } from '../../lib/testing';
import { MeteredService } from '../metered-service';
import type { MeteredTable } from '../metered-table';
import type { Step } from './step';

const MESSAGE =
  'MSH|^~\\&|FICTION|NOWHERE|||20260131093000+0100||ADT^A01|C0|P|2.5\rPID|1||000001||DOE^JANE\r';
const FILE: IncomingFile = {
  ...{ bucket: 'files', key: 'a01.hl7', sizeBytes: MESSAGE.length, versionId: 'v1', eTag: 'e1' },
  ...{ cameAt: '2026-11-30T09:15:12.000Z', id: 'x'.repeat(22) },
};
const FILES: FileSource = {
  async read() {
    return (async function* () {
      yield Buffer.from(MESSAGE);
    })();
  },
};
const TOPICS = 'adt,ack,bar,crm,dft,mdm,mfn,omg,oml,orl';
const MISSED = 100;
const NOTIFICATION = JSON.stringify({ Type: 'Notification', Topic: 'adt', Message: 'x'.repeat(150) });
const AN_OLD_AGE_MILLISECONDS = 60_000;

export async function* notificationsSteps(table: MeteredTable): AsyncGenerator<Step, void, undefined> {
  const notifications = new MeteredService(table, 'notifications', notificationsServer());
  const { service } = notifications;
  const told = new NotificationLog(service.backend.table, service.backend.clock, service.name);
  const channel = channelOf(EVERYTHING);
  const keysOf = (webSocketId: string) => [memberKey({ service: service.name, webSocketId, channel })];
  const publish = (options?: PublishOptions) =>
    notifications.publish(channel, '{"Type":"Notification"}', options);
  const announce = () => notifications.invoked(() => new Ingest(service, FILES).announce(FILE));
  const step = async (name: string, work: () => Promise<unknown>): Promise<Step> => ({
    ...{ name: `notifications: ${name}`, cost: await notifications.costOf(work) },
  });
  const [first, ten, gone] = [newWebSocketId(), newWebSocketId(), newWebSocketId()];
  const leaving = newWebSocketId();

  yield await step('connect', () => notifications.connect(first));
  yield await step('connect, to 10 topics', () => notifications.connect(ten, { query: { topics: TOPICS } }));
  yield await step('subscribe to a topic', () => notifications.say(first, { Subscribe: ['oru'] }));
  yield await step('unsubscribe from a topic', () => notifications.say(first, { Unsubscribe: ['oru'] }));
  await notifications.connect(leaving);
  yield await step('leave', () => notifications.leave(leaving));
  yield await step('leave 10 topics', () => notifications.leave(ten));

  await notifications.connect(gone);
  await notifications.clock.advance(AN_OLD_AGE_MILLISECONDS);
  notifications.vanish(gone);
  yield await step('a publication to 2 finds one disconnected', () => publish());

  await notifications.multiply(first, 9, keysOf);
  yield await step('publish to 10', () => publish());
  yield await step('a message of a file, announced to 10', announce);
  yield await step('the same file, announced again', announce);
  for (let n = 0; n < MISSED - 1; n++)
    await told.note({ id: `${FILE.id}.${n}`, topic: 'adt', text: NOTIFICATION });
  yield await step('catch up on 100 missed', () => notifications.say(first, { After: `${FILE.id}.0` }));
  await notifications.multiply(first, 990, keysOf);
  yield await step('publish to 1,000', () => publish());
  await notifications.multiply(first, 9_000, keysOf);
  // By one process, because the number of pages that workers read depends on the members' ids.
  yield await step('publish to 10,000', () => publish({ inlineMembers: 10_000 }));
}
