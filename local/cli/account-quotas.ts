/** `--quota NAME=VALUE`: quotas of API Gateway that AWS has raised for the account. */
import { InvalidArgumentError } from 'commander';
import { type AccountQuotas, AWS_ACCOUNT_QUOTAS } from '../gateway/quotas';

const NAMES: Record<string, keyof AccountQuotas> = {
  requests: 'requestsPerSecond',
  burst: 'burst',
  'new-connections': 'newConnectionsPerSecond',
};

/** @throws InvalidArgumentError unless `text` is a known name and a whole number */
export function readQuota(text: string, others: AccountQuotas = AWS_ACCOUNT_QUOTAS): AccountQuotas {
  const [, name = '', value = ''] = /^([a-z-]+)=(\d{1,9})$/.exec(text) ?? [];
  const quota = Object.hasOwn(NAMES, name) ? NAMES[name] : undefined;
  if (quota !== undefined) return { ...others, [quota]: Number(value) };
  throw new InvalidArgumentError(
    `Specify ${Object.keys(NAMES).join('=N, ')}=N, such as new-connections=2000.`,
  );
}
