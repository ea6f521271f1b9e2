/** Which server a page talks to, and what its status line says of the connection. */

const element = (id) => document.getElementById(id);

/** The service of this host, or the server given as ?url=wss://… */
export function serverUrl(service) {
  const given = new URLSearchParams(location.search).get('url');
  if (given && /^wss?:\/\//.test(given)) return given;
  return `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/${service}`;
}

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
