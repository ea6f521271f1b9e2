/** Takes the token out of a handshake, so that the server class never sees, logs or returns it. */
import { cookieValue } from '../handlers/cookies';
import type { ConnectEvent } from '../handlers/events';
import { headerValues, listedValues, withHeader } from '../handlers/headers';
import type { JwtSettings } from './jwt-settings';

export interface CarriedToken {
  /** `undefined` if the client sent none. */
  token: string | undefined;
  event: ConnectEvent;
  /** The subprotocol to answer with: a browser that offers some closes the socket if the server chooses none. */
  subprotocol?: string;
}

export function takeToken(event: ConnectEvent, { from, name }: JwtSettings): CarriedToken {
  if (from === 'query') return ofQuery(event, name);
  if (from === 'header') return ofHeader(event, name);
  return from === 'cookie' ? ofCookie(event, name) : ofSubprotocol(event, name);
}

function ofQuery(event: ConnectEvent, name: string): CarriedToken {
  const { queryStringParameters, multiValueQueryStringParameters, ...others } = event;
  const { [name]: token, ...query } = queryStringParameters ?? {};
  const { [name]: _, ...manyValued } = multiValueQueryStringParameters ?? {};
  return {
    token: token || undefined,
    event: {
      ...others,
      ...(Object.keys(query).length > 0 && { queryStringParameters: query }),
      ...(Object.keys(manyValued).length > 0 && { multiValueQueryStringParameters: manyValued }),
    },
  };
}

/** With or without `Bearer`, as the JWT authorizers of HTTP APIs take it. */
function ofHeader(event: ConnectEvent, name: string): CarriedToken {
  const value = headerValues(event, name).at(-1) ?? '';
  const token = value.replace(/^bearer +/i, '').trim();
  return { token: token || undefined, event: withHeader(event, name, []) };
}

function ofCookie(event: ConnectEvent, name: string): CarriedToken {
  const others = headerValues(event, 'Cookie')
    .flatMap((header) => header.split(';'))
    .map((pair) => pair.trim())
    .filter((pair) => pair.split('=', 1)[0]?.trim() !== name);
  return {
    token: cookieValue(event, name),
    event: withHeader(event, 'Cookie', others.length > 0 ? [others.join('; ')] : []),
  };
}

/** Browsers: `new WebSocket(url, ['bearer', token])`. */
function ofSubprotocol(event: ConnectEvent, name: string): CarriedToken {
  const offered = listedValues(event, 'Sec-WebSocket-Protocol');
  const index = offered.indexOf(name);
  if (index < 0) return { token: undefined, event };
  const token = offered[index + 1];
  const others = offered.filter((other) => other !== token);
  return {
    token,
    event: withHeader(event, 'Sec-WebSocket-Protocol', [others.join(', ')]),
    subprotocol: name,
  };
}
