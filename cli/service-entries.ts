/** The services of a stack, from its outputs. WebSocketService writes one output for each. */
import type { Stack } from '@aws-sdk/client-cloudformation';
import { UserError } from '../local/user-error';
import type { ClientSettings } from './client-settings';

export interface ServiceEntry {
  service: string;
  connectionTable: string;
  serverFunction: string;
}

/** Of one stack, or of all stacks. @throws {UserError} if there is no such stack */
export async function serviceEntries(
  client: ClientSettings,
  stackName: string | undefined,
): Promise<ServiceEntry[]> {
  // Loaded here, so that commands that use no stack need not wait for it.
  const { CloudFormationClient, paginateDescribeStacks } = await import('@aws-sdk/client-cloudformation');
  const cloudFormation = new CloudFormationClient({ ...client, maxAttempts: 2 });
  const stacks: Stack[] = [];
  try {
    const request = stackName === undefined ? {} : { StackName: stackName };
    for await (const page of paginateDescribeStacks({ client: cloudFormation }, request)) {
      stacks.push(...(page.Stacks ?? []));
    }
  } catch (error) {
    if (error instanceof Error && /^Stack with id .* does not exist$/.test(error.message)) {
      throw new UserError(
        `There is no stack ${JSON.stringify(stackName)} in this account and region. Check its name, AWS_REGION and your credentials.`,
      );
    }
    throw error;
  } finally {
    cloudFormation.destroy();
  }
  return stacks
    .flatMap(({ Outputs = [] }) => Outputs)
    .flatMap(({ OutputValue = '' }) => entryIn(OutputValue) ?? []);
}

/** Other outputs are ignored. */
function entryIn(value: string): ServiceEntry | undefined {
  if (!value.startsWith('{')) return undefined;
  try {
    const { service, connectionTable, serverFunction } = JSON.parse(value);
    const isEntry = [service, connectionTable, serverFunction].every((text) => typeof text === 'string');
    return isEntry ? { service, connectionTable, serverFunction } : undefined;
  } catch {
    return undefined;
  }
}
