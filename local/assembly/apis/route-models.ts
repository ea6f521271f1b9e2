/** Reads the models by which a route validates messages. */
import type { Assembly } from '../assembly';
import type { Validation } from '../model';
import { isObject, type JsonObject } from '../values/json';
import type { Resource } from '../values/resource';

const MODEL = 'AWS::ApiGatewayV2::Model';

/** `undefined` if the route validates nothing. Models have no effect without a ModelSelectionExpression. */
export function readValidation(route: Resource, apiId: string, assembly: Assembly): Validation | undefined {
  const selectionExpression = route.text('ModelSelectionExpression');
  if (!selectionExpression) return undefined;
  const given = route.property('RequestModels');
  const known = assembly.resources(MODEL).filter((model) => model.text('ApiId') === apiId);
  const models = Object.entries(isObject(given) ? given : {}).map(([key, name]) => {
    const model = known.find((one) => one.text('Name') === name);
    if (!model) {
      throw route.mistake(
        `its RequestModels name ${JSON.stringify(name)} for ${JSON.stringify(key)}, and the API has no AWS::ApiGatewayV2::Model of that name`,
      );
    }
    return [key, { path: model.path, schema: schemaOf(model) }] as const;
  });
  return { selectionExpression, models: Object.fromEntries(models) };
}

/** @param schema an object or JSON text */
function schemaOf(model: Resource): JsonObject {
  const schema = model.property('Schema');
  const value = typeof schema === 'string' ? parsed(schema) : schema;
  if (isObject(value)) return value;
  throw model.mistake('its Schema must be a JSON object');
}

function parsed(text: string) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
