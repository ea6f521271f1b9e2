/** What a scan finds in a file, in the order of the file. */
export type ScannedRecord = Hl7Message | BrokenMessage | OtherFile;

export interface Hl7Message {
  kind: 'message';
  /** The message code in lower case: `adt`. */
  topic: string;
  /** 0 for the first message of the file, broken ones counted. */
  index: number;
  /** MSH-9.1: `ADT`. */
  messageCode: string;
  /** MSH-9.2: `A01`. */
  triggerEvent?: string;
  /** MSH-10. */
  controlId: string;
  /** MSH-7, if it is there and short enough for a time. */
  sent?: SentTime;
  /** MSH-12.1, if it looks like one: `2.5.1`. */
  version?: string;
}

export interface SentTime {
  /** As it came: `20260131093000+0100`. */
  text: string;
  /** To the same precision, if it is well-formed: `2026-01-31T09:30:00+01:00`. */
  iso?: string;
}

/** A message that cannot be announced. Nothing of its content is in here, since any field may hold a patient's data. */
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
  /** What HL7, or this scan, asks for. */
  rule: string;
  /** Delimiters, positions, lengths and names of character sets only. */
  value: string;
}

/** There is no HL7 v2 message in the file. */
export interface OtherFile {
  kind: 'file';
  topic: 'file';
  index: 0;
  /** Nothing but white space; a batch without messages; anything else. */
  reason: 'empty' | 'emptyBatch' | 'notHl7';
}

/** Thrown where a message turns out to be broken, and turned into a record by the scan. */
export class MessageFault extends Error {
  constructor(readonly error: MessageError) {
    super(`${error.rule}: ${error.value}`);
  }
}
