/** The errors that this library throws: one base class, a closed set of codes, the cause kept. */

/**
 * `CSPWebSocketClosed` and `CSPWebSocketTimeout` are the names that %CSP.WebSocket gives the same conditions; the others have
 * no counterpart in IRIS.
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

/** The client has gone: the connection is closed, or its departure is being settled. */
export class WebSocketClosedError extends SharedConnectionError {
  readonly code = 'CSPWebSocketClosed';

  constructor(readonly webSocketId: string) {
    super(
      `WebSocket ${webSocketId} is closed: nothing more comes from it or goes to it. Its client may come back under another id.`,
    );
  }
}

/** No message came in time; the socket is still good. */
export class WebSocketTimeoutError extends SharedConnectionError {
  readonly code = 'CSPWebSocketTimeout';

  constructor(
    readonly webSocketId: string,
    /** How long the read waited. */
    readonly seconds: number,
    /** The wait ended early, because the time of the invocation does. */
    readonly cutShort: boolean,
  ) {
    const why = cutShort
      ? ' The wait was cut short, since this invocation has no more time left; read again in another one.'
      : '';
    super(`Nothing came from WebSocket ${webSocketId} within ${seconds.toFixed(1)} s.${why}`);
  }
}

/** The socket belongs to the one invocation that runs its `server()`: no other process may open it, as in IRIS. */
export class WebSocketDedicatedError extends SharedConnectionError {
  readonly code = 'WebSocketDedicated';

  constructor(readonly webSocketId: string) {
    super(
      `WebSocket ${webSocketId} is dedicated to its server() and cannot be opened from elsewhere. Leave sharedConnection true in onPreServer if other processes are to open it.`,
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
    /** What was to be sent, where that had to be encoded. @default as many as are sent */
    readonly dataBytes = bytes,
  ) {
    const size = dataBytes === bytes ? `${bytes} bytes` : `${dataBytes} bytes, ${bytes} once encoded,`;
    super(
      `The message has ${size} and API Gateway sends at most ${limitBytes}. Split it, or send a link to it.`,
    );
  }
}

/** The connection would be in more channels than its server class allows one. */
export class TooManyChannelsError extends SharedConnectionError {
  readonly code = 'TooManyChannels';

  constructor(
    readonly webSocketId: string,
    readonly channel: string,
    readonly limit: number,
  ) {
    super(
      `WebSocket ${webSocketId} cannot enter the channel ${channel}: its server class lets a connection be in ${limit} channels. Leave one first, or raise \`static limits = { channels }\` of the class.`,
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

/** Hooks that run side by side changed the attributes again and again, faster than this one. */
export class AttributesNotSavedError extends SharedConnectionError {
  readonly code = 'AttributesNotSaved';

  constructor(
    readonly webSocketId: string,
    names: string[],
    attempts: number,
  ) {
    super(
      `The attributes ${names.join(', ')} of WebSocket ${webSocketId} could not be saved: others changed the attributes ${attempts} times meanwhile. Keep what changes with every message elsewhere, such as in rows of its own.`,
    );
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
