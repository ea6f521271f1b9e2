/** The Centrifuge client, which also tells how long it waits before it connects again. */
import { Centrifuge } from '../../build/centrifuge.mjs';

const LONGEST_PAUSE_MILLISECONDS = 20_000;

export class Client extends Centrifuge {
  /** Called with milliseconds. */
  onPause = (_milliseconds) => {};

  /** @param data what the server gets with each connection */
  constructor(url, data) {
    super(url, { data, maxReconnectDelay: LONGEST_PAUSE_MILLISECONDS });
  }

  /** Connects now instead of later, and stays in its rooms. */
  hurry() {
    this.disconnect();
    this.connect();
  }

  /** The client's own choice, which it tells nobody. */
  _getReconnectDelay() {
    const milliseconds = super._getReconnectDelay();
    this.onPause(milliseconds);
    return milliseconds;
  }
}
