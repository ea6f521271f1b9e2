/** Expressions cut into tokens. */
import { validationError } from '../dynamodb-error';

export interface Token {
  kind: 'word' | 'name' | 'value' | 'number' | 'sign' | 'end';
  text: string;
  /** Its position in the expression. */
  start: number;
}

const TOKEN = /\s*(?:([A-Za-z_]\w*)|(#\w*)|(:\w*)|(\d+)|(<>|<=|>=|[-+=<>(),.[\]])|(\S))/y;

const EOF = '<EOF>';

/** "The maximum length of any expression string is 4 KB": Developer Guide, "Service, account, and table quotas". */
const MAX_EXPRESSION_BYTES = 4096;

/** The tokens of the expressions of late: an app has few, and uses them again and again. */
const known = new Map<string, readonly Token[]>();
const MAX_KNOWN = 500;

/** @throws {DynamoDbError} if the expression is too long, or has a character that none may have. */
export function tokensOf(kind: string, expression: string): readonly Token[] {
  const cut = known.get(expression);
  if (cut) return cut;
  const tokens = newTokensOf(kind, expression);
  if (known.size >= MAX_KNOWN) known.clear();
  known.set(expression, tokens);
  return tokens;
}

function newTokensOf(kind: string, expression: string): Token[] {
  if (expression === '') throw validationError(`Invalid ${kind}: The expression can not be empty;`);
  if (expression.length > MAX_EXPRESSION_BYTES) {
    throw validationError(
      `Invalid ${kind}: Expression size has exceeded the maximum allowed size; expression size: ${expression.length}`,
    );
  }
  const tokens: Token[] = [];
  let unknown: number | undefined;
  TOKEN.lastIndex = 0;
  for (let match = TOKEN.exec(expression); match; match = TOKEN.exec(expression)) {
    const [, word, name, value, number, sign, other] = match;
    const text = word ?? name ?? value ?? number ?? sign ?? other ?? '';
    const start = TOKEN.lastIndex - text.length;
    if (word !== undefined) tokens.push({ kind: 'word', text, start });
    else if (name !== undefined) tokens.push({ kind: 'name', text, start });
    else if (value !== undefined) tokens.push({ kind: 'value', text, start });
    else if (number !== undefined) tokens.push({ kind: 'number', text, start });
    else tokens.push({ kind: 'sign', text, start });
    if (other !== undefined) unknown ??= tokens.length - 1;
  }
  tokens.push({ kind: 'end', text: EOF, start: expression.length });
  if (unknown !== undefined) throw syntaxError(kind, expression, tokens, unknown);
  return tokens;
}

/** Quotes the expression from the token before the one that does not fit to the token after it. */
export function syntaxError(kind: string, expression: string, tokens: readonly Token[], at: number): Error {
  const quoted = tokens.slice(Math.max(0, at - 1), at + 2).filter((token) => token.kind !== 'end');
  const [first, last] = [quoted[0], quoted.at(-1)];
  const near = first && last ? expression.slice(first.start, last.start + last.text.length) : '';
  return validationError(`Invalid ${kind}: Syntax error; token: "${tokens[at]?.text}", near: "${near}"`);
}
