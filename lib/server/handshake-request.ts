/** The HTTP request that opens a WebSocket, as `onPreServer` sees it. */
import { cookiePairs } from '../handlers/cookies';
import type { ConnectEvent } from '../handlers/events';
import { NamedValues } from './named-values';

export class HandshakeRequest {
  /** The parameters of the URL. Their names are case-sensitive. */
  readonly query: NamedValues;
  /** Names are not case-sensitive. */
  readonly headers: NamedValues;
  readonly cookies: NamedValues;
  /** The client's address, as API Gateway sees it. */
  readonly sourceAddress: string;
  readonly userAgent: string | undefined;
  /** What an authorizer returned: a Lambda authorizer's context and `principalId`, or a token's claims. Empty without one. */
  readonly authorizer: Readonly<Record<string, unknown>>;

  constructor(event: ConnectEvent, authorizer: Record<string, unknown> = {}) {
    const { queryStringParameters, multiValueQueryStringParameters, headers, multiValueHeaders } = event;
    const { sourceIp, userAgent } = event.requestContext.identity;
    this.query = new NamedValues(valuesByName(multiValueQueryStringParameters, queryStringParameters));
    this.headers = new NamedValues(valuesByName(multiValueHeaders, headers), { ignoreCase: true });
    this.cookies = new NamedValues(cookiePairs(event).map(([name, value]) => [name, [value]]));
    this.sourceAddress = sourceIp;
    this.userAgent = userAgent ?? this.headers.get('User-Agent');
    this.authorizer = authorizer;
  }
}

/** A name with a single value may be missing in the first record. */
function valuesByName(
  many: Record<string, string[]> | undefined,
  single: Record<string, string> | undefined,
): [string, string[]][] {
  const singles = Object.entries(single ?? {}).map(([name, value]): [string, string[]] => [name, [value]]);
  return Object.entries({ ...Object.fromEntries(singles), ...many });
}
