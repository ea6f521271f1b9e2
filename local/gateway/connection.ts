/** One open WebSocket: sends, tracks activity and idle time, and ends once, with one cause. */
import { isUtf8 } from 'node:buffer';
import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import type { Alarm, Clock } from '../clock';
import {
  CLOSE_HANDSHAKE_MILLIS,
  MAX_BYTES_IN_FLIGHT,
  MAX_CLIENT_BUFFER_BYTES,
  MAX_MESSAGES_IN_FLIGHT,
  PINGS_ARE_ACTIVITY,
} from './assumptions';
import { type CloseCause, clientCause, GOING_AWAY, violationCause } from './close-codes';
import type { DeployedStage } from './deployed-stage';
import type { ConnectionFacts } from './events';
import { limitFrames } from './frame-limit';
import { answerPings } from './pongs';
import { IDLE_MILLIS, MAX_CONNECTION_MILLIS, type SizeLimits } from './quotas';

/** `full`: too much already waits for a client that does not read. */
export type SendOutcome = 'sent' | 'full' | 'gone';

export interface ConnectionListener {
  onMessage(connection: Connection, text: string): void;
  /** The connection accepts no more posts. Called once, before `onClosed`. */
  onEnd(connection: Connection): void;
  /** The socket is closed. Called once. */
  onClosed(connection: Connection, cause: CloseCause): void;
}

export class Connection implements ConnectionFacts {
  readonly connectionId: string;
  readonly stage: DeployedStage;
  readonly domainName: string;
  readonly connectedAt: number;
  readonly identity: ConnectionFacts['identity'];
  readonly authorizer?: NonNullable<ConnectionFacts['authorizer']>;
  readonly #ws: WebSocket;
  readonly #socket: Duplex;
  readonly #clock: Clock;
  readonly #appTime: Clock;
  readonly #openedAt: number;
  /** Like `lastActiveAt`, but by `appTime`. */
  #activeAt: number;
  readonly #listener: ConnectionListener;
  readonly #stopReading: () => void;
  #lastActiveAt: number;
  #alarm: Alarm;
  #cause: CloseCause | undefined;
  #messagesInFlight = 0;
  #bytesInFlight = 0;
  #isSilent = false;
  #isHolding = false;

  /** Create it as soon as `ws` has taken over `socket`. `appTime` measures idle time and the maximum duration. */
  constructor(
    facts: ConnectionFacts,
    ws: WebSocket,
    socket: Duplex,
    clock: Clock,
    listener: ConnectionListener,
    limits: SizeLimits,
    appTime: Clock = clock,
  ) {
    this.connectionId = facts.connectionId;
    this.stage = facts.stage;
    this.domainName = facts.domainName;
    this.connectedAt = facts.connectedAt;
    this.identity = facts.identity;
    if (facts.authorizer) this.authorizer = facts.authorizer;
    this.#ws = ws;
    this.#socket = socket;
    this.#clock = clock;
    this.#listener = listener;
    this.#lastActiveAt = facts.connectedAt;
    this.#stopReading = limitFrames(socket, limits, (cause) => this.#cut(cause));
    this.#appTime = appTime;
    this.#openedAt = appTime.now();
    this.#activeAt = this.#openedAt;
    this.#alarm = appTime.after(IDLE_MILLIS, () => this.#watchTheTime());
    ws.on('message', (data: Buffer) => this.#onMessage(data.toString()));
    ws.on('error', (error) => this.#onError(error));
    ws.on('close', (code, reason) => this.#onClose(clientCause(code, reason.toString())));
    answerPings(ws);
    if (PINGS_ARE_ACTIVITY) ws.on('ping', () => this.#touch());
  }

  /** When data last passed in either direction. */
  get lastActiveAt(): number {
    return this.#lastActiveAt;
  }

  /**
   * Sends one text frame when the current callback has ended. Bytes that are not UTF-8 are replaced, because a text frame
   * cannot contain them.
   */
  send(data: string | Buffer): SendOutcome {
    if (!this.isOpen) return 'gone';
    const { bufferedAmount } = this.#ws;
    if (bufferedAmount > 0 && bufferedAmount + data.length > MAX_CLIENT_BUFFER_BYTES) return 'full';
    this.#touch();
    if (this.#isSilent) return 'sent';
    const text = typeof data === 'string' || isUtf8(data) ? data : data.toString();
    this.#holdFrames();
    this.#ws.send(text, { binary: false });
    return 'sent';
  }

  /** Whether it accepts posts. */
  get isOpen(): boolean {
    return !this.#cause && this.#ws.readyState === this.#ws.OPEN;
  }

  /**
   * Ends the connection from this side. The client has `CLOSE_HANDSHAKE_MILLIS` to answer. Does nothing if it has
   * already ended.
   */
  close(cause: CloseCause): void {
    if (this.#cause) return;
    // If the client is already closing, its cause stays, and only its time is limited.
    if (this.isOpen) this.#end(cause);
    if (!this.#isSilent) this.#ws.close(cause.code, cause.reason);
    this.#alarm.cancel();
    this.#alarm = this.#clock.after(CLOSE_HANDSHAKE_MILLIS, () => this.#ws.terminate());
  }

  /** Simulates a half-open connection: posts still get 200, but nothing arrives on the other side. */
  fallSilent(): void {
    if (!this.isOpen) return;
    this.#isSilent = true;
    this.#ws.pause();
  }

  /** Ends a half-open connection with 1006 on both sides. */
  break(): void {
    if (this.#isSilent) this.#ws.terminate();
  }

  /** Counts an invocation, and stops reading messages while there are too many. */
  beginInvocation(bytes: number): void {
    this.#messagesInFlight++;
    this.#bytesInFlight += bytes;
    if (this.#isLoaded) this.#ws.pause();
  }

  endInvocation(bytes: number): void {
    this.#messagesInFlight--;
    this.#bytesInFlight -= bytes;
    if (this.#ws.isPaused && !this.#isLoaded && !this.#isSilent) this.#ws.resume();
  }

  /**
   * The response to a post leaves before its frame, so the function that posted continues while the frame is written.
   * Frames of the same callback leave together.
   */
  #holdFrames(): void {
    if (this.#isHolding) return;
    this.#isHolding = true;
    this.#socket.cork();
    process.nextTick(() => {
      this.#isHolding = false;
      this.#socket.uncork();
    });
  }

  get #isLoaded(): boolean {
    return this.#messagesInFlight >= MAX_MESSAGES_IN_FLIGHT || this.#bytesInFlight >= MAX_BYTES_IN_FLIGHT;
  }

  #touch(): void {
    this.#lastActiveAt = this.#clock.now();
    this.#activeAt = this.#appTime.now();
  }

  /** One alarm for both limits. It is set again only when it goes off, so that a message costs no timer. */
  #watchTheTime(): void {
    const end = Math.min(this.#activeAt + IDLE_MILLIS, this.#openedAt + MAX_CONNECTION_MILLIS);
    const left = end - this.#appTime.now();
    if (left <= 0) this.close(GOING_AWAY);
    else this.#alarm = this.#appTime.after(left, () => this.#watchTheTime());
  }

  #onMessage(text: string): void {
    // `FrameLimit` has not checked what `ws` still reads from a closed socket.
    if (this.#cause || this.#socket.destroyed || this.#isSilent) return;
    this.#touch();
    this.#listener.onMessage(this, text);
  }

  /** Ends the connection and drops everything that the client sends after its violation. */
  #cut(cause: CloseCause): void {
    this.close(cause);
    this.#socket.end();
  }

  /** `ws` has found a malformed frame and closes, or the network has failed and 'close' follows. */
  #onError(error: Error): void {
    this.#stopReading();
    const cause = violationCause(error);
    if (cause) this.#end(cause);
  }

  #onClose(cause: CloseCause): void {
    this.#end(cause);
    this.#alarm.cancel();
    this.#listener.onClosed(this, this.#cause ?? cause);
  }

  #end(cause: CloseCause): void {
    if (this.#cause) return;
    this.#cause = cause;
    this.#alarm.cancel();
    this.#listener.onEnd(this);
  }
}
