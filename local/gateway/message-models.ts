/** Validation of messages by the models of a route: JSON Schema, draft 4. Source: "Request validation" of WebSocket APIs. */
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

  /** What the selected model finds wrong with a message; undefined if the message is valid. */
  faultOf(message: string): string | undefined {
    const key = this.#selection.select(message);
    const validate = this.#validators.get(key) ?? this.#validators.get('$default');
    if (!validate) return `no model of the route is for ${JSON.stringify(key)}`;
    let value: unknown;
    try {
      value = JSON.parse(message);
    } catch {
      return 'the message is not JSON';
    }
    try {
      if (validate(value)) return undefined;
    } catch {
      return 'the message is nested too deep';
    }
    const [first] = validate.errors ?? [];
    return `${first?.instancePath || 'the message'} ${first?.message ?? 'is not valid'}`;
  }
}

function compiled(schema: unknown, path: string): ValidateFunction {
  // A schema may say `$schema` of any draft; models are draft 4.
  const { $schema: _, ...draft4 } = schema as Record<string, unknown>;
  try {
    return new Ajv({ strict: false, validateFormats: false, logger: false }).compile(draft4);
  } catch (error) {
    throw new UserError(
      `${path}: its Schema is not a JSON Schema of draft 4, which API Gateway's models are: ${(error as Error).message}`,
    );
  }
}
