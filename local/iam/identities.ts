/** The credentials of callers. Each function has its own, new in each run; people use `local`. */
import { randomBytes } from 'node:crypto';

export interface Credentials {
  accessKeyId: string;
  secretAccessKey: string;
  /** Only for temporary credentials. */
  sessionToken?: string;
}

export type Identity =
  /** A person on this machine: an administrator, whom only the policies of resources can deny anything. */
  | { kind: 'person'; credentials: Credentials }
  | { kind: 'function'; credentials: Credentials; functionName: string; roleArn?: string };

export type FunctionIdentity = Extract<Identity, { kind: 'function' }>;

/** For the AWS CLI, SDKs, and the user's own processes. */
export const PERSONAL_CREDENTIALS: Credentials = { accessKeyId: 'local', secretAccessKey: 'local' };

/** The name of API Gateway's sessions in roles, as in published CloudTrail events and SQS messages. */
export const API_GATEWAY_SESSION = 'BackplaneAssumeRoleSession';

const PERSON: Identity = { kind: 'person', credentials: PERSONAL_CREDENTIALS };

/** The characters of access keys. */
const KEY_CHARACTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
/** The prefix of Lambda's access keys. */
const TEMPORARY = 'ASIA';

export class Identities {
  readonly #byKey = new Map<string, Identity>([[PERSONAL_CREDENTIALS.accessKeyId, PERSON]]);
  readonly #ofFunctions = new Map<string, FunctionIdentity>();

  /** The function's credentials. They change only if its role does. */
  credentialsOf({ functionName, roleArn }: { functionName: string; roleArn?: string }): Credentials {
    const key = `${functionName}\n${roleArn ?? ''}`;
    const known = this.#ofFunctions.get(key);
    if (known) return known.credentials;
    const credentials = temporaryCredentials();
    const identity: FunctionIdentity = {
      ...{ kind: 'function', credentials, functionName },
      ...(roleArn !== undefined && { roleArn }),
    };
    this.#ofFunctions.set(key, identity);
    this.#byKey.set(credentials.accessKeyId, identity);
    return credentials;
  }

  find(accessKeyId: string): Identity | undefined {
    return this.#byKey.get(accessKeyId);
  }
}

function temporaryCredentials(): Required<Credentials> {
  const characters = [...randomBytes(16)].map((byte) => KEY_CHARACTERS[byte & 31]);
  return {
    accessKeyId: `${TEMPORARY}${characters.join('')}`,
    secretAccessKey: randomBytes(30).toString('base64'),
    sessionToken: randomBytes(96).toString('base64'),
  };
}
