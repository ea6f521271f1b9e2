/** How `--help` describes an option: with its choices, and with a default that a user would type. */
import type { Option } from 'commander';

/** Lists, flags and parsed values have no default that is worth showing. */
export function describeOption({ description, argChoices, defaultValue }: Option): string {
  const hasDefault = typeof defaultValue === 'string' || typeof defaultValue === 'number';
  const facts = [
    ...(argChoices ? [argChoices.join(' or ')] : []),
    ...(hasDefault ? [`default: ${defaultValue}`] : []),
  ];
  return facts.length > 0 ? `${description} (${facts.join('; ')})` : description;
}
