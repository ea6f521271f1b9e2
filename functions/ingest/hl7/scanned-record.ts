/** What a scan finds in a file, in the order of the file. */
export type ScannedRecord = Hl7Message | BrokenMessage | OtherFile;

export interface Hl7Message {
  kind: 'message';
  /** The message code in lower case: `adt`. */
  topic: string;
  /** 0 for the first message of the file. Broken ones count. */
  index: number;
  /** MSH-9.1: `ADT`. */
  messageCode: string;
  /** MSH-9.2: `A01`. */
  triggerEvent?: string;
  /** MSH-10. */
  controlId: string;
  /** MSH-7, if present and short enough for a time. */
  sent?: SentTime;
  /** MSH-12.1, if it looks like a version: `2.5.1`. */
  version?: string;
}

export interface SentTime {
  /** As received: `20260131093000+0100`. */
  text: string;
  /** With the same precision, if well-formed: `2026-01-31T09:30:00+01:00`. */
  iso?: string;
}

/** A message that cannot be announced. This record has none of its content, because any field may hold patient data. */
export interface BrokenMessage {
  kind: 'broken';
  index: number;
  error: MessageError;
}

export interface MessageError {
  name:
    | 'CharacterSet'
    | 'ControlId'
    | 'Delimiters'
    | 'HeaderMissing'
    | 'HeaderTooLong'
    | 'MessageType'
    | 'TriggerEvent'
    | 'Truncated';
  /** The rule of HL7, or of this scan. */
  rule: string;
  /** Only delimiters, positions, lengths and names of character sets. */
  value: string;
}

/** The file has no HL7 v2 message. */
export interface OtherFile {
  kind: 'file';
  topic: 'file';
  index: 0;
  /** Only white space, a batch without messages, or anything else. */
  reason: 'empty' | 'emptyBatch' | 'notHl7';
}

/** Thrown for a broken message. The scan turns it into a record. */
export class MessageFault extends Error {
  constructor(readonly error: MessageError) {
    super(`${error.rule}: ${error.value}`);
  }
}
