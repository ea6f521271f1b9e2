/** The ids of messages, which order those of one millisecond. */

/** Message ids are bytes that grow with time. Their base64 form does not sort in that order. */
export function sortableMessageId(messageId: string): string {
  return Buffer.from(messageId, 'base64url').toString('hex');
}
