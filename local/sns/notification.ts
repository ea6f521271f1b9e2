/**
 * The form in which functions and queues receive a published message.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html
 * @see https://docs.aws.amazon.com/sns/latest/dg/sns-sqs-as-subscriber.html
 */

import type { Subscription } from '../assembly/model';
import type { JsonObject } from '../assembly/values/json';
import type { MessageAttributes } from '../sqs/message';
import { type PublishedMessage, textFor } from './published-message';

export interface Notification {
  published: PublishedMessage;
  messageId: string;
  topicArn: string;
  region: string;
  /** Milliseconds since the epoch. */
  publishedAt: number;
  sequenceNumber?: string;
}

/** The real signature needs a key that only SNS has. */
const SIGNATURE = Buffer.from('not signed on this machine').toString('base64');

export function functionEvent(notification: Notification, subscription: Subscription): string {
  const { SigningCertURL, UnsubscribeURL, Subject, MessageAttributes, ...rest } = envelope(
    notification,
    subscription,
  );
  return JSON.stringify({
    Records: [
      {
        EventSource: 'aws:sns',
        EventVersion: '1.0',
        EventSubscriptionArn: subscription.subscriptionArn,
        Sns: {
          ...rest,
          Subject: Subject ?? null,
          SigningCertUrl: SigningCertURL,
          UnsubscribeUrl: UnsubscribeURL,
          MessageAttributes: MessageAttributes ?? {},
        },
      },
    ],
  });
}

/** The body of the queue's message, if raw delivery is off. */
export function queueBody(notification: Notification, subscription: Subscription): string {
  return JSON.stringify(envelope(notification, subscription), null, 2);
}

function envelope(notification: Notification, { subscriptionArn, protocol }: Subscription): JsonObject {
  const { published, messageId, topicArn, region, publishedAt, sequenceNumber } = notification;
  const host = `https://sns.${region}.amazonaws.com`;
  const attributes = attributesIn(published.attributes);
  return {
    Type: 'Notification',
    MessageId: messageId,
    ...(sequenceNumber === undefined ? {} : { SequenceNumber: sequenceNumber }),
    TopicArn: topicArn,
    ...(published.subject === undefined ? {} : { Subject: published.subject }),
    Message: textFor(protocol, published),
    Timestamp: new Date(publishedAt).toISOString(),
    SignatureVersion: '1',
    Signature: SIGNATURE,
    SigningCertURL: `${host}/SimpleNotificationService-local.pem`,
    UnsubscribeURL: `${host}/?Action=Unsubscribe&SubscriptionArn=${subscriptionArn}`,
    ...(Object.keys(attributes).length === 0 ? {} : { MessageAttributes: attributes }),
  };
}

function attributesIn(attributes: MessageAttributes): JsonObject {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, { DataType, StringValue, BinaryValue }]) => [
      name,
      { Type: DataType, Value: BinaryValue ?? StringValue ?? '' },
    ]),
  );
}
