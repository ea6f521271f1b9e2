import { createHash } from 'node:crypto';

/**
 * Names like those that CloudFormation generates: `{stack}-{logicalId}-{random}`, but with a hash instead of the
 * random part, so that every run of the same app has the same names.
 */
export function physicalName(stackName: string, logicalId: string, maxLength: number): string {
  const suffix = hashText(`${stackName}/${logicalId}`, 12).toUpperCase();
  const room = maxLength - suffix.length - 1;
  const stack = stackName.slice(0, Math.max(1, Math.min(stackName.length, room - logicalId.length - 1)));
  return `${`${stack}-${logicalId}`.slice(0, room)}-${suffix}`;
}

/** `length` lower-case letters and digits that depend only on `seed`, like API Gateway's IDs. */
export function hashText(seed: string, length: number): string {
  const digest = createHash('sha256').update(seed).digest('hex');
  return BigInt(`0x${digest}`).toString(36).padStart(50, '0').slice(-length);
}

/** A UUID that depends only on `seed`, like the IDs of CloudFormation and KMS. */
export function hashUuid(seed: string): string {
  const hex = createHash('sha256').update(seed).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join(
    '-',
  );
}
