/** The Centrifuge client, extended to report how long it waits before it reconnects. */
import { Centrifuge } from '../../build/centrifuge.mjs';

const LONGEST_PAUSE_MILLISECONDS = 20_000;

export class Client extends Centrifuge {
  /** Called with the milliseconds until the next attempt. */
  onPause = (_milliseconds) => {};

  /** @param data sent to the server with each connection */
  constructor(url, data) {
    super(url, { data, maxReconnectDelay: LONGEST_PAUSE_MILLISECONDS });
  }

  /** Connects now instead of later, and stays in its rooms. */
  hurry() {
    this.disconnect();
    this.connect();
  }

  /** Centrifuge chooses the delay here and has no event that reports it. */
  _getReconnectDelay() {
    const milliseconds = super._getReconnectDelay();
    this.onPause(milliseconds);
    return milliseconds;
  }
}
