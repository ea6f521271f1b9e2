/** IAM for an API: verifies signatures and permissions of @connections calls, and of handshakes that IAM authorizes. */
import type { IncomingMessage } from 'node:http';
import { partitionOf } from '../aws-domains';
import type { Access } from '../iam/access';
import { denialMessage } from '../iam/denial';
import { JSON_FAULTS } from '../iam/fault-codes';
import type { Identity } from '../iam/identities';
import { SignatureFault } from '../iam/signature-fault';
import type { DeployedStage } from './deployed-stage';
import type { CallerIdentity } from './events';
import type { Refusal } from './refusal';

const SERVICE = 'execute-api';

export class SignedCallers {
  readonly #access: Access;

  constructor(access: Access) {
    this.#access = access;
  }

  /** Why the management call is refused; undefined if it may pass. */
  refuseManagement(
    request: IncomingMessage,
    body: Buffer,
    stage: DeployedStage,
    connectionId: string,
  ): Refusal | undefined {
    const path = `${request.method}/@connections/${connectionId}`;
    const caller = this.#caller(request, body, { action: 'ManageConnections', stage, path });
    return 'status' in caller ? caller : undefined;
  }

  /** The caller of a handshake, or why it is refused. */
  connecting(request: IncomingMessage, stage: DeployedStage): Identity | Refusal {
    return this.#caller(request, NO_BODY, { action: 'Invoke', stage, path: '$connect' });
  }

  /** The caller's facts in `identity`. AWS documents them only as variables of `$context.identity`. */
  describe(caller: Identity): Omit<CallerIdentity, 'sourceIp'> {
    return this.#access.describe(caller);
  }

  #caller(
    request: IncomingMessage,
    body: Buffer,
    { action, stage, path }: { action: string; stage: DeployedStage; path: string },
  ): Identity | Refusal {
    const { region, accountId } = this.#access.app;
    try {
      const caller = this.#access.authenticate(request, SERVICE, body);
      const denial = this.#access.refusal(caller, {
        action: `${SERVICE}:${action}`,
        resource: `arn:${partitionOf(region)}:${SERVICE}:${region}:${accountId}:${stage.apiId}/${stage.stageName}/${path}`,
      });
      if (!denial) return caller;
      return {
        status: 403,
        errorType: 'AccessDeniedException',
        message: denialMessage(denial),
        messageKey: 'Message',
      };
    } catch (error) {
      if (!(error instanceof SignatureFault)) throw error;
      return { status: 403, errorType: JSON_FAULTS[error.kind], message: error.message };
    }
  }
}

const NO_BODY = Buffer.alloc(0);
