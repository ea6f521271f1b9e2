/** Address blocks, as in CloudFormation's `Fn::Cidr`. */

/**
 * The first `count` blocks of `hostBits` bits within an IPv4 block; `undefined` if they do not fit, or the block is
 * invalid.
 */
export function subnets(block: string, count: number, hostBits: number): string[] | undefined {
  const [, ...parts] = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(block) ?? [];
  const [a = 256, b = 256, c = 256, d = 256, prefix = 33] = parts.map(Number);
  if ([a, b, c, d].some((part) => part > 255) || prefix > 32) return undefined;
  const size = 2 ** hostBits;
  if (!(count >= 1 && count <= 256 && hostBits >= 0) || count * size > 2 ** (32 - prefix)) return undefined;
  const start = ((a * 256 + b) * 256 + c) * 256 + d;
  const first = start - (start % 2 ** (32 - prefix));
  return Array.from({ length: count }, (_, index) => `${dotted(first + index * size)}/${32 - hostBits}`);
}

function dotted(address: number): string {
  return [24, 16, 8, 0].map((bits) => Math.floor(address / 2 ** bits) % 256).join('.');
}
