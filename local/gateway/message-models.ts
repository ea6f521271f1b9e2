/**
 * Validates messages by the models of a route: JSON Schema, draft 4. Source: "Request validation" of WebSocket APIs.
 */
import Ajv, { type ValidateFunction } from 'ajv-draft-04';
import type { Validation } from '../assembly/model';
import { UserError } from '../user-error';
import { RouteSelection } from './route-selection';

export class MessageModels {
  readonly #selection: RouteSelection;
  readonly #validators: Map<string, ValidateFunction>;

  /** @throws UserError if the expression or a schema is not valid */
  constructor({ selectionExpression, models }: Validation, path: string) {
    this.#selection = new RouteSelection(selectionExpression, path, 'model selection expression');
    this.#validators = new Map(
      Object.entries(models).map(([key, { path: modelPath, schema }]) => [key, compiled(schema, modelPath)]),
    );
  }

  /** What is wrong with a message according to its model; undefined if it is valid. */
  faultOf(message: string): string | undefined {
    const key = this.#selection.select(message);
    const validate = this.#validators.get(key) ?? this.#validators.get('$default');
    if (!validate) return `the route has no model for ${JSON.stringify(key)}`;
    let value: unknown;
    try {
      value = JSON.parse(message);
    } catch {
      return 'the message is not JSON';
    }
    try {
      if (validate(value)) return undefined;
    } catch {
      return 'the message is nested too deeply';
    }
    const [first] = validate.errors ?? [];
    return `${first?.instancePath || 'the message'} ${first?.message ?? 'is not valid'}`;
  }
}

function compiled(schema: unknown, path: string): ValidateFunction {
  // `$schema` may name any draft, but models are always read as draft 4.
  const { $schema: _, ...draft4 } = schema as Record<string, unknown>;
  try {
    return new Ajv({ strict: false, validateFormats: false, logger: false }).compile(draft4);
  } catch (error) {
    throw new UserError(
      `${path}: its Schema is not a valid JSON Schema of draft 4, which API Gateway requires: ${(error as Error).message}`,
    );
  }
}
