/** The few fields of an MSH segment that a notification contains. No other field is read. */
import { decodeField } from './character-set';
import { Delimiters } from './delimiters';
import { type Hl7Message, MessageFault } from './scanned-record';
import { readSentTime } from './sent-time';

/** MSH-10 may have 20 characters, and 199 since version 2.7. */
const MAX_CONTROL_ID_CHARACTERS = 199;

/** Tables 0076 and 0003: a letter, then letters or digits, three characters in all. */
const THREE_CHARACTERS = /^[A-Za-z][A-Za-z0-9]{2}$/;

/** HL7's explicit empty field. */
const HL7_NULL = '""';

/**
 * @param header the segment's bytes, one for each character, without its terminator
 * @param isUtf8 whether they are UTF-8, whatever MSH-18 says
 * @throws {MessageFault} if a required field is missing or invalid
 */
export function readHeader(header: string, isUtf8: boolean): Omit<Hl7Message, 'index'> {
  const delimiters = Delimiters.of(header);
  // MSH-1 is the separator itself, so MSH-2 comes first after the name.
  const fields = header.split(delimiters.field);
  const declared = delimiters.unescape(first(fields[17], delimiters.repetition).trim());
  const characterSet = isUtf8 ? 'UNICODE UTF-8' : declared;
  const text = (position: number) => {
    const field = decodeField((fields[position - 1] ?? '').trim(), characterSet, `MSH-${position}`);
    return field === HL7_NULL ? '' : delimiters.unescape(field);
  };
  const components = (position: number) =>
    (fields[position - 1] ?? '')
      .split(delimiters.component)
      .map((component) => delimiters.unescape(component.trim()))
      .map((component) => (component === HL7_NULL ? '' : component));

  const { messageCode, triggerEvent } = messageType(components(9));
  if (!THREE_CHARACTERS.test(messageCode)) {
    throw new MessageFault({
      name: 'MessageType',
      rule: 'MSH-9 must begin with a message code of three letters or digits, such as ADT',
      value: `MSH-9.1 ${measure(messageCode)}`,
    });
  }
  if (triggerEvent !== '' && !THREE_CHARACTERS.test(triggerEvent)) {
    throw new MessageFault({
      name: 'TriggerEvent',
      rule: 'a trigger event must have three letters or digits, such as A01',
      value: `MSH-9.2 ${measure(triggerEvent)}`,
    });
  }
  const controlId = text(10);
  if (controlId === '' || controlId.length > MAX_CONTROL_ID_CHARACTERS) {
    throw new MessageFault({
      name: 'ControlId',
      rule: `every message must have a control id of up to ${MAX_CONTROL_ID_CHARACTERS} characters`,
      value: `MSH-10 ${measure(controlId)}`,
    });
  }
  const [sentText = ''] = components(7);
  const sent = readSentTime(sentText);
  const [version = ''] = components(12);
  return {
    kind: 'message',
    topic: messageCode.toLowerCase(),
    messageCode,
    ...(triggerEvent === '' ? {} : { triggerEvent }),
    controlId,
    ...(sent === undefined ? {} : { sent }),
    ...(/^\d(\.\d{1,2}){0,3}$/.test(version) ? { version } : {}),
  };
}

/** Some senders write the structure's name, MSH-9.3, into the first component: `ORU_R01` means `ORU^R01`. */
function messageType([code = '', event = '']: string[]): { messageCode: string; triggerEvent: string } {
  const [, codeOfStructure, eventOfStructure = ''] = /^(\w{3})_(\w{3})$/.exec(code) ?? [];
  if (codeOfStructure === undefined) return { messageCode: code, triggerEvent: event };
  return { messageCode: codeOfStructure, triggerEvent: event || eventOfStructure };
}

function first(field = '', repetition: string | undefined): string {
  return repetition === undefined ? field : (field.split(repetition, 1)[0] ?? '');
}

function measure(text: string): string {
  return text === '' ? 'is empty' : `has ${text.length} characters`;
}
