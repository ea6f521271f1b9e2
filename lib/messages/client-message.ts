/** What a client sends to a class that declares its messages: JSON that fits the class's schema, as a typed value. */
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { InvalidMessageError, type MessageIssue } from './client-error';

/** What `onClientMessage` gets: the schema's value, or the text of a class without a schema. */
export type MessageOf<Schema extends StandardSchemaV1 | undefined> = Schema extends StandardSchemaV1
  ? StandardSchemaV1.InferOutput<Schema>
  : string;

const MAX_ISSUES = 10;
const MAX_CHARACTERS = 200;

/** @throws InvalidMessageError that says where the text does not fit */
export async function parsedMessage(schema: StandardSchemaV1, text: string): Promise<unknown> {
  const result = await schema['~standard'].validate(parsedJson(text));
  if (result.issues) throw new InvalidMessageError(result.issues.slice(0, MAX_ISSUES).map(issueOf));
  return result.value;
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new InvalidMessageError([{ path: '', message: 'The message is not JSON.' }]);
  }
}

/** In the usual notation: `answers[2].text`. */
function issueOf({ path = [], message }: StandardSchemaV1.Issue): MessageIssue {
  const keys = path.map((segment) => (typeof segment === 'object' ? segment.key : segment));
  const written = keys.map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`)).join('');
  return { path: bounded(written.replace(/^\./, '')), message: bounded(message) };
}

function bounded(text: string): string {
  return text.length > MAX_CHARACTERS ? `${text.slice(0, MAX_CHARACTERS)}…` : text;
}
