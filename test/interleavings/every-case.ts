/** All cases, by name. */
import { attributeCases } from './attribute-cases';
import { cases } from './cases';
import { channelCases } from './channel-cases';
import { dedicatedCases } from './dedicated-cases';
import { fanOutCases } from './fan-out-cases';
import { identityCases } from './identity-cases';
import { inboxCases } from './inbox-cases';
import { logCases } from './log-cases';
import { presenceCases } from './presence-cases';
import type { Scenario } from './scenario';
import { sessionCases } from './session-cases';
import { sharedLoopCases } from './shared-loop-cases';

export const everyCase: Record<string, Scenario> = {
  ...cases,
  ...attributeCases,
  ...identityCases,
  ...presenceCases,
  ...sessionCases,
  ...inboxCases,
  ...dedicatedCases,
  ...channelCases,
  ...logCases,
  ...fanOutCases,
  ...sharedLoopCases,
};
