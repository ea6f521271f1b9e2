// Redirects TLS connections to AWS hosts to the local endpoint, in plain text. This works for every client in this
// thread, because node:https, fetch, undici and the AWS SDK all use tls.connect. The Host header and the path stay
// unchanged.
'use strict';

const dns = require('node:dns');
const net = require('node:net');
const tls = require('node:tls');

const AWS_HOST = /^(.+)\.(?:amazonaws\.com(?:\.cn)?|on\.aws)$/i;
const SOCKET_OPTIONS = [
  'timeout',
  'signal',
  'noDelay',
  'keepAlive',
  'keepAliveInitialDelay',
  'allowHalfOpen',
];

/**
 * How long a connection takes to open. On AWS, a TLS handshake never completes between the end of a handler and the
 * freeze. So if a handler does not await a post over a new connection, the post must not be sent here either.
 */
const HANDSHAKE_MILLIS = 2;

/**
 * Returns functions that change the endpoints, count the connections that are opening (each holds a timer until it is
 * open), and hold and release new connections.
 */
function redirectAwsHosts(initialEndpoints) {
  let endpoints = initialEndpoints;
  let openingCount = 0;
  /** Callbacks of connections that would open between a response and the freeze. */
  let held;
  const connectToTls = tls.connect;

  tls.connect = function connect(...args) {
    const options = optionsOf(args);
    const target = localTarget(options, endpoints);
    if (!target) {
      tellOfHttp2(options);
      return connectToTls.apply(this, args);
    }
    const callback = args.at(-1);
    return plainConnection(options, target, opening, typeof callback === 'function' ? callback : undefined);
  };

  /** Calls back after the time of a handshake. */
  const opening = (callback) => {
    openingCount += 1;
    setTimeout(() => {
      openingCount -= 1;
      if (held) held.push(callback);
      else callback();
    }, HANDSHAKE_MILLIS);
  };

  return {
    setEndpoints(changed) {
      endpoints = changed;
    },
    openingConnections: () => openingCount,
    /** Called at the response: no connection opens until the next event. */
    hold: () => {
      held = [];
    },
    release: () => {
      const waiting = held ?? [];
      held = undefined;
      for (const open of waiting) open();
    },
  };
}

/** The forms of tls.connect: (options), (port, host?, options?), (path, options?), each with an optional callback. */
function optionsOf([first, second, ...rest]) {
  if (typeof first === 'object' && first !== null) return first;
  const options = [second, ...rest].find((arg) => typeof arg === 'object' && arg !== null);
  if (typeof first === 'string' && Number.isNaN(Number(first))) return { ...options, path: first };
  return { ...options, port: first, ...(typeof second === 'string' ? { host: second } : {}) };
}

function localTarget({ host, socket, path, ALPNProtocols }, { endpoint, services }) {
  const name = (host ?? '').toLowerCase();
  const isNamed = Object.hasOwn(services, name);
  const match = AWS_HOST.exec(name);
  if (!(isNamed || match) || socket || path) return undefined;
  // A client that accepts only HTTP/2 cannot be served in plain text.
  if (speaksHttp2Only(ALPNProtocols)) return undefined;
  if (isNamed) return services[name];
  const service = match[1].split('.').find((label) => Object.hasOwn(services, label));
  return service === undefined ? endpoint : services[service];
}

function speaksHttp2Only(protocols) {
  return Array.isArray(protocols) && protocols.every((protocol) => protocol === 'h2');
}

/** The hosts of AWS that the log has named. */
const told = new Set();

/** The SDK calls a few services over HTTP/2, such as Bedrock. They are not run here. */
function tellOfHttp2({ host = '', ALPNProtocols }) {
  if (!AWS_HOST.test(host) || !speaksHttp2Only(ALPNProtocols) || told.has(host)) return;
  told.add(host);
  process.stderr.write(
    `The function calls ${host} over HTTP/2. The runtime does not have such a service, so the call goes to AWS, which does not know the function's credentials.\n`,
  );
}

function plainConnection(options, target, opening, onSecureConnect) {
  const chosen = Object.fromEntries(
    SOCKET_OPTIONS.filter((name) => options[name] != null).map((name) => [name, options[name]]),
  );
  const socket = openSocket(chosen, options.host, target, opening);
  // Properties that clients read from a TLS socket.
  Object.assign(socket, {
    encrypted: true,
    authorized: true,
    alpnProtocol: 'http/1.1',
    servername: options.servername ?? options.host,
    getSession: () => undefined,
    isSessionReused: () => false,
    getPeerCertificate: () => ({}),
    getProtocol: () => 'TLSv1.3',
  });
  if (onSecureConnect) socket.once('secureConnect', onSecureConnect);
  socket.once('connect', () => socket.emit('secureConnect'));
  return socket;
}

/** Connects to the target's port as if it belonged to the AWS host, or to the target's Unix domain socket. */
function openSocket(chosen, host, { host: targetHost, port, path }, opening) {
  if (path === undefined) {
    const lookup = (_hostname, options, callback) => opening(() => dns.lookup(targetHost, options, callback));
    return net.connect({ ...chosen, host, port, lookup });
  }
  const socket = new net.Socket(chosen);
  socket.connecting = true;
  opening(() => {
    if (!socket.destroyed) socket.connect({ ...chosen, path });
  });
  return socket;
}

module.exports = { redirectAwsHosts };
