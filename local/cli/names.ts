import type { Assembly } from '../assembly/assembly';
import type { Resource } from '../assembly/values/resource';
import { UserError } from '../user-error';

/** Short names for resources in a description: their construct paths replace ARNs and ids. */
export class Names {
  /** Construct paths by ARN and by id, longest first, because an ARN may contain a name. */
  readonly #known: [physical: string, short: string][];

  constructor(assembly: Assembly) {
    const named = assembly.types().flatMap((type) => assembly.resources(type));
    const known = named.flatMap((resource) =>
      [this.arnOf(resource), this.referenceOf(resource)]
        .filter((physical) => physical !== undefined && physical.length >= MIN_TELLING_LENGTH)
        .map((physical): [string, string] => [physical ?? '', this.short(resource)]),
    );
    this.#known = known.sort(([a], [b]) => b.length - a.length);
  }

  short(resource: Resource): string {
    return resource.path.replace(/\/(Resource|Default)$/, '');
  }

  arnOf(resource: Resource): string | undefined {
    return tolerant(() => String(resource.stack.attribute(resource.logicalId, 'Arn', 'Resources')));
  }

  referenceOf(resource: Resource): string | undefined {
    return tolerant(() => resource.ref);
  }

  /** `Stack/Table/index/*` for `arn:aws:dynamodb:…:table/Stack-Table…/index/*`. */
  shorten(arn: string): string {
    const found = this.#known.find(([physical]) => arn.includes(physical));
    const named = found ? arn.replace(found[0], found[1]) : arn;
    return named.replace(/^arn:[^:]*:([^:]*):[^:]*:[^:]*:/, '$1:');
  }
}

/** Shorter references, such as a stage's name, may have another meaning in text. */
const MIN_TELLING_LENGTH = 10;

/** `undefined` for a value that only AWS knows, which a description omits. */
export function tolerant<Value>(read: () => Value): Value | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}
