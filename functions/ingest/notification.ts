/** The notification of an incoming message. Only these fields leave the file. */
import type { BrokenMessage, Hl7Message, OtherFile } from './hl7/scanned-record';
import type { IncomingFile } from './s3-event';

/** The article's own sentence. */
export const DEFAULT_MESSAGE = 'Something has change!';

export interface NotificationOptions {
  /** @default the article's */
  message?: string;
  /** Whether to include the file's name, which may contain a patient's name. @default false */
  sourceNames?: boolean;
}

/** The keys are always present and in this order. Unknown values are `null`. */
export interface Notification {
  Type: 'Notification' | 'Broken';
  Topic: string;
  Message: string;
  Event: string | null;
  Source: string | null;
  /** The file's size in bytes. */
  Size: number;
  ControlId: string | null;
  /** When the message was sent, according to the message, else when its file arrived. ISO 8601. */
  Sent: string;
  /** A message has the same id if it arrives twice. */
  Id: string;
}

export function notificationOf(
  record: Hl7Message | OtherFile,
  file: IncomingFile,
  { message = DEFAULT_MESSAGE, sourceNames = false }: NotificationOptions,
): Notification {
  const header = record.kind === 'message' ? record : undefined;
  return {
    Type: 'Notification',
    Topic: record.topic,
    Message: message,
    Event: header?.triggerEvent ?? null,
    Source: sourceNames ? file.key : null,
    Size: file.sizeBytes,
    ControlId: header?.controlId ?? null,
    Sent: header?.sent?.iso ?? file.cameAt,
    Id: `${file.id}.${record.index}`,
  };
}

/** The topic of messages that cannot be announced. */
export const BROKEN_TOPIC = 'broken';

/** Says that a message is broken, where, and which rule it breaks. Contains nothing of the message. */
export function brokenNotificationOf(
  { error, index }: BrokenMessage,
  file: IncomingFile,
  { sourceNames = false }: NotificationOptions,
): Notification {
  return {
    Type: 'Broken',
    Topic: BROKEN_TOPIC,
    Message: `Message ${index + 1} of the file is broken (${error.name}): ${error.rule}; ${error.value}`,
    Event: null,
    Source: sourceNames ? file.key : null,
    Size: file.sizeBytes,
    ControlId: null,
    Sent: file.cameAt,
    Id: `${file.id}.${index}`,
  };
}
