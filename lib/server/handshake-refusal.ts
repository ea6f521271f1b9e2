/** How `refuse` ends `onPreServer`. */

/** Thrown by `refuse` and turned into the handshake's status by the handler. */
export class HandshakeRefusal extends Error {
  constructor(readonly statusCode: number) {
    super(`The handshake was refused with ${statusCode}.`);
  }
}
