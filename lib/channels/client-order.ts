/**
 * In which order a client subscribed and unsubscribed. API Gateway hands on each frame of a client by itself, so two of
 * them may run side by side, and the later one may be done first. The order in which API Gateway took them decides.
 */
import { sortableMessageId } from '../inbox/message-ids';
import { type Condition, notBeyond } from '../table/conditions';

/** The frame that asked. */
export interface ClientRequest {
  /** When API Gateway took it, in milliseconds since the epoch. */
  at: number;
  /** Orders the frames of one millisecond. */
  messageId: string;
}

/** How long a frame may run before a later one that was done first is forgotten. Source: API Gateway's integration timeout, 29 s. */
export const REMEMBERED_SECONDS = 60;
const DIGITS = 15;

/** What a membership remembers of the frame that changed it last. */
export function orderOf({ at, messageId }: ClientRequest): string {
  return `${String(at).padStart(DIGITS, '0')}#${sortableMessageId(messageId)}`;
}

/** No later frame of the client has changed the membership. */
export function notChangedAfter(request: ClientRequest): Condition {
  return notBeyond('order', orderOf(request));
}
