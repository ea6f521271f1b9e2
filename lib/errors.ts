/** The errors of this library: one base class, a closed set of codes, and the original error as `cause`. */

/**
 * `CSPWebSocketClosed` and `CSPWebSocketTimeout` are the names of %CSP.WebSocket. The others have no counterpart in
 * IRIS.
 */
export type SharedConnectionErrorCode =
  | 'CSPWebSocketClosed'
  | 'CSPWebSocketTimeout'
  | 'WebSocketDedicated'
  | 'WebSocketUnknown'
  | 'WebSocketOpening'
  | 'MessageTooLarge'
  | 'TooManyChannels'
  | 'PostFailed'
  | 'PublicationFailed'
  | 'AttributesNotSaved'
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

/** The client has disconnected: the connection is closed or being cleaned up. */
export class WebSocketClosedError extends SharedConnectionError {
  readonly code = 'CSPWebSocketClosed';

  constructor(readonly webSocketId: string) {
    super(
      `WebSocket ${webSocketId} is closed. You can no longer read from it or write to it. The client may reconnect under another id.`,
    );
  }
}

/** No message arrived in time. The socket is still open. */
export class WebSocketTimeoutError extends SharedConnectionError {
  readonly code = 'CSPWebSocketTimeout';

  constructor(
    readonly webSocketId: string,
    /** How long the read waited. */
    readonly seconds: number,
    /** The wait ended early, because the invocation is running out of time. */
    readonly cutShort: boolean,
  ) {
    const why = cutShort
      ? ' The wait was cut short, because this invocation is running out of time. Read again in another one.'
      : '';
    super(`No message arrived from WebSocket ${webSocketId} within ${seconds.toFixed(1)} s.${why}`);
  }
}

/** The socket belongs to the one invocation that runs its `server()`. As in IRIS, no other process may open it. */
export class WebSocketDedicatedError extends SharedConnectionError {
  readonly code = 'WebSocketDedicated';

  constructor(readonly webSocketId: string) {
    super(
      `WebSocket ${webSocketId} is dedicated to its server(), so no other process can open it. To open it from other processes, leave sharedConnection true in onPreServer.`,
    );
  }
}

/** The table has no such id: it never existed, or it closed more than ten minutes ago. */
export class WebSocketUnknownError extends SharedConnectionError {
  readonly code = 'WebSocketUnknown';

  constructor(readonly webSocketId: string) {
    super(
      `WebSocket ${JSON.stringify(webSocketId)} is unknown: the connection table has no such id. It may have closed more than ten minutes ago. Check the id, and check that CONNECTION_TABLE names the table of its service.`,
    );
  }
}

/**
 * API Gateway does not accept posts yet: the handshake has not finished, or one of its hosts does not know the
 * connection.
 */
export class WebSocketOpeningError extends SharedConnectionError {
  readonly code = 'WebSocketOpening';

  constructor(readonly webSocketId: string) {
    super(
      `WebSocket ${webSocketId} is still opening: API Gateway answers 410 until its handshake has finished. Write from server() or later, or retry in a moment.`,
    );
  }
}

/** The data is larger than API Gateway sends in one message. */
export class MessageTooLargeError extends SharedConnectionError {
  readonly code = 'MessageTooLarge';

  constructor(
    readonly bytes: number,
    readonly limitBytes: number,
    /** The data's size before encoding, if it was encoded. @default the size of the message */
    readonly dataBytes = bytes,
  ) {
    const size = dataBytes === bytes ? `${bytes} bytes` : `${dataBytes} bytes (${bytes} after encoding),`;
    super(
      `The message has ${size} but API Gateway sends at most ${limitBytes}. Split it, or send a link to it.`,
    );
  }
}

/** The connection would be in more channels than its server class allows. */
export class TooManyChannelsError extends SharedConnectionError {
  readonly code = 'TooManyChannels';

  constructor(
    readonly webSocketId: string,
    readonly channel: string,
    readonly limit: number,
  ) {
    super(
      `WebSocket ${webSocketId} cannot subscribe to the channel ${channel}: its server class allows ${limit} channels for each connection. Unsubscribe from one first, or raise \`static limits = { channels }\` of the class.`,
    );
  }
}

/** A post that neither arrived nor got a 410: it was throttled, refused or unanswered until its time budget ended. */
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

/** A line could not be stored, because each attempt took so long that its offset was skipped. */
export class PublicationFailedError extends SharedConnectionError {
  readonly code = 'PublicationFailed';

  constructor(
    readonly channel: string,
    offsets: number,
  ) {
    super(
      `The line could not be stored in the log of the channel ${channel}: ${offsets} offsets were skipped, because storing it took more than two seconds each time. Publish it again.`,
    );
  }
}

/** Other hooks kept changing the attributes at the same time. */
export class AttributesNotSavedError extends SharedConnectionError {
  readonly code = 'AttributesNotSaved';

  constructor(
    readonly webSocketId: string,
    names: string[],
    attempts: number,
  ) {
    super(
      `The attributes ${names.join(', ')} of WebSocket ${webSocketId} could not be saved: other hooks changed the attributes first, ${attempts} times in a row. Store values that change with every message in rows of their own.`,
    );
  }
}

/** The management API gave an answer other than "sent" or "gone". */
export class ConnectionsApiError extends SharedConnectionError {
  readonly code = 'ConnectionsApi';

  /** Whether a retry can help: throttled, a server error, or a network error. */
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

/** A value that breaks a rule of the library, such as a channel name. */
export class InvalidValueError extends SharedConnectionError {
  readonly code = 'InvalidValue';
}

/** The environment lacks something that the library needs. */
export class ConfigurationError extends SharedConnectionError {
  readonly code = 'Configuration';
}

/** A method that was called at the wrong time. */
export class InvalidUseError extends SharedConnectionError {
  readonly code = 'InvalidUse';
}
