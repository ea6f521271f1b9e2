/** Who calls a route, as far as the route asks. */
import type { ApiKey } from '../assembly/model';
import type { CallerDescription } from '../iam/caller';
import type { AuthorizedCaller } from './authorizers/authorized-caller';

export interface Caller {
  /** Present if the route requires a signature. */
  iam?: CallerDescription;
  /** Present if the route has an authorizer. */
  authorized?: AuthorizedCaller;
  apiKey?: ApiKey;
}
