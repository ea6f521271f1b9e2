/** Wraps a service so that IAM authorizes every request before it reaches the service. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RequestHandler } from '../endpoint/request-router';
import { keepBody, readBody } from '../gateway/request-body';
import type { Access, WantedAccess } from './access';
import { type Denial, denialMessage } from './denial';
import type { Identity } from './identities';
import { SignatureFault } from './signature-fault';

/** How a service's requests are read, and how it words refusals. */
export interface GuardedProtocol {
  /** The service's name in signatures. */
  service: string;
  /** More than any valid request has. Undefined if only the service itself reads bodies. */
  maxBodyBytes: number | undefined;
  /** Whether the service itself authorizes the request, whose signature is in its body. @default never */
  isSignedInBody?(request: IncomingMessage): boolean;
  /** The permissions that the request needs. */
  wanted(request: IncomingMessage, body: Buffer, access: Access): WantedAccess[];
  refuseSignature(request: IncomingMessage, response: ServerResponse, fault: SignatureFault): void;
  refuseAccess(request: IncomingMessage, response: ServerResponse, message: string, denial: Denial): void;
  /** Called for requests that are allowed. */
  admitted?(request: IncomingMessage, caller: Identity, access: Access): void;
}

export class GuardedService implements RequestHandler {
  constructor(
    private readonly inner: RequestHandler,
    private readonly access: Access,
    private readonly protocol: GuardedProtocol,
  ) {}

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { service, maxBodyBytes, ...protocol } = this.protocol;
    if (protocol.isSignedInBody?.(request)) return this.inner.handle(request, response);
    const body = maxBodyBytes === undefined ? undefined : await readBody(request, maxBodyBytes);
    if (maxBodyBytes !== undefined && body === undefined) return;
    if (body === 'tooLarge') {
      // The service itself refuses it, in its own words.
      keepBody(request, body);
      return this.inner.handle(request, response);
    }
    try {
      const caller = this.access.authenticate(request, service, body);
      const wanted = this.access.mayDoEverything(caller)
        ? []
        : protocol.wanted(request, body ?? NO_BODY, this.access);
      for (const one of wanted) {
        const denial = this.access.refusal(caller, one);
        if (!denial) continue;
        protocol.refuseAccess(request, response, denialMessage(denial), denial);
        if (body === undefined) request.resume();
        return;
      }
      protocol.admitted?.(request, caller, this.access);
    } catch (error) {
      if (!(error instanceof SignatureFault)) throw error;
      protocol.refuseSignature(request, response, error);
      if (body === undefined) request.resume();
      return;
    }
    if (body) keepBody(request, body);
    await this.inner.handle(request, response);
  }
}

/** Wraps each service that has a protocol here. DynamoDB authorizes its requests itself. */
export function guardedServices(
  access: Access | undefined,
  protocols: readonly GuardedProtocol[],
  services: Record<string, RequestHandler>,
): Record<string, RequestHandler> {
  if (!access) return services;
  const guards = protocols.flatMap((protocol): [string, RequestHandler][] => {
    const inner = services[protocol.service];
    return inner ? [[protocol.service, new GuardedService(inner, access, protocol)]] : [];
  });
  return { ...services, ...Object.fromEntries(guards) };
}

const NO_BODY = Buffer.alloc(0);
