/** The status line of a page: the state of its connection. */

const element = (id) => document.getElementById(id);

/** Shows a connection's `state` event. */
export function showStatus({ state, reason, seconds }) {
  const texts = {
    connecting: 'Connecting…',
    connected: 'Connected',
    waiting: `${reason}. Reconnecting in ${seconds} s`,
    disconnected: `Disconnected: ${reason}`,
  };
  element('status').dataset.state = state;
  element('status-text').textContent = texts[state];
  element('reconnect').hidden = state !== 'waiting' && state !== 'disconnected';
  const identity = element('identity');
  if (identity && state !== 'connected') identity.hidden = true;
}

/** The id with which other processes reach this connection. */
export function showIdentity(webSocketId) {
  element('websocket-id').textContent = webSocketId;
  element('identity').hidden = false;
}
