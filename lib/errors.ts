/** The errors that this library throws: one base class, a closed set of codes, the cause kept. */

/**
 * `CSPWebSocketClosed` is the name that %CSP.WebSocket gives the same condition; the others have no counterpart in IRIS.
 */
export type SharedConnectionErrorCode =
  | 'CSPWebSocketClosed'
  | 'WebSocketUnknown'
  | 'WebSocketOpening'
  | 'MessageTooLarge'
  | 'PostFailed'
  | 'ConnectionsApi'
  | 'InvalidValue'
  | 'Configuration'
  | 'InvalidUse';

export abstract class SharedConnectionError extends Error {
  abstract readonly code: SharedConnectionErrorCode;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** The client has gone: the connection is closed, or its departure is being settled. */
export class WebSocketClosedError extends SharedConnectionError {
  readonly code = 'CSPWebSocketClosed';

  constructor(readonly webSocketId: string) {
    super(
      `WebSocket ${webSocketId} is closed: nothing can be written to it any more. Its client may come back under another id.`,
    );
  }
}

/** The table holds nothing of this id: it never was a connection, or it closed more than some minutes ago. */
export class WebSocketUnknownError extends SharedConnectionError {
  readonly code = 'WebSocketUnknown';

  constructor(readonly webSocketId: string) {
    super(
      `WebSocket ${JSON.stringify(webSocketId)} is unknown: the connection table has no such id (or forgot it some minutes after it closed). Check the id, and that CONNECTION_TABLE names the table of its service.`,
    );
  }
}

/** API Gateway does not take posts yet: the handshake is not finished, or one of its hosts does not know of it. */
export class WebSocketOpeningError extends SharedConnectionError {
  readonly code = 'WebSocketOpening';

  constructor(readonly webSocketId: string) {
    super(
      `WebSocket ${webSocketId} is still opening: API Gateway answers 410 until its handshake has finished. Write from server() or later, or try again in a moment.`,
    );
  }
}

/** The data is longer than API Gateway sends in one message. */
export class MessageTooLargeError extends SharedConnectionError {
  readonly code = 'MessageTooLarge';

  constructor(
    readonly bytes: number,
    readonly limitBytes: number,
  ) {
    super(
      `The message has ${bytes} bytes and API Gateway sends at most ${limitBytes}. Split it, or send a link to it.`,
    );
  }
}

/** A post that neither arrived nor found the connection gone: throttled, refused or without an answer, to the end of its budget. */
export class PostFailedError extends SharedConnectionError {
  readonly code = 'PostFailed';

  constructor(
    readonly webSocketId: string,
    reason: string,
    options?: ErrorOptions,
  ) {
    super(`Writing to WebSocket ${webSocketId} failed: ${reason}.`, options);
  }
}

/** The management API answered something else than "sent" or "gone". */
export class ConnectionsApiError extends SharedConnectionError {
  readonly code = 'ConnectionsApi';

  /** Whether another try can help: throttled, an error of the gateway's own, or no gateway reached. */
  readonly retryable: boolean;

  constructor(
    operation: string,
    /** The HTTP status; 0 if there was no answer. */
    readonly status: number,
    detail: string,
    options?: ErrorOptions,
  ) {
    super(
      `@connections ${operation}: ${status === 0 ? 'no answer' : `status ${status}`} (${detail})`,
      options,
    );
    this.retryable = status === 0 || status === 429 || status >= 500;
  }
}

/** A value that breaks a rule of the library, such as a channel's name. */
export class InvalidValueError extends SharedConnectionError {
  readonly code = 'InvalidValue';
}

/** The environment lacks what the library needs to run. */
export class ConfigurationError extends SharedConnectionError {
  readonly code = 'Configuration';
}

/** A call at a moment that does not allow it. */
export class InvalidUseError extends SharedConnectionError {
  readonly code = 'InvalidUse';
}
