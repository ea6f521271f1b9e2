/** What a page's status line says of its connection. */

const element = (id) => document.getElementById(id);

/** Says what a connection's `state` event tells. */
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
}
