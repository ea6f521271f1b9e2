/**
 * Selection expressions: evaluated on a message as JSON, they give its route key, or the key of a model or a template
 * ("Working with routes for WebSocket APIs").
 */
import { JSONPath } from 'jsonpath-plus';
import { UserError } from '../user-error';
import { stringifySelection } from './assumptions';

type Part = { text: string } | { select: (body: object) => unknown };

const BODY = 'request.body';
const SELECTABLE = /^request\.body(?:$|[.[])/;
const MEMBERS_ONLY = /^(\.[A-Za-z_][A-Za-z0-9_-]*)+$/;

export class RouteSelection {
  readonly #parts: Part[];

  /** @throws UserError if a WebSocket API would refuse the expression; the message names `owner` */
  constructor(expression: string, owner: string, kind = 'route selection expression') {
    this.#parts = parse(expression, `The ${kind} of ${owner}, "${expression}", cannot be used`);
  }

  /** The selected key: `''` for a missing value, and for every selection from a message that is not a JSON object. */
  select(message: string): string {
    let body: object | undefined;
    let key = '';
    for (const part of this.#parts) {
      if ('text' in part) {
        key += part.text;
      } else {
        body ??= jsonObject(message);
        key += selectedText(part.select(body));
      }
    }
    return key;
  }
}

function parse(expression: string, problem: string): Part[] {
  if (/^\$[a-z]+\./.test(expression)) return [selector(expression.slice(1), problem)];
  const parts: Part[] = [];
  let text = '';
  for (let at = 0; at < expression.length; at++) {
    if (expression.startsWith('${', at)) {
      const end = expression.indexOf('}', at);
      if (end < 0) throw unusable(problem, `a "\${" has no "}"`);
      parts.push({ text }, selector(expression.slice(at + 2, end), problem));
      text = '';
      at = end;
    } else if (expression[at] === '\\' && at + 1 < expression.length) {
      text += expression[++at];
    } else if (expression[at] === '$') {
      throw unusable(problem, 'a literal "$" is written "\\$"');
    } else {
      text += expression[at];
    }
  }
  parts.push({ text });
  return parts.filter((part) => !('text' in part) || part.text !== '');
}

function selector(variable: string, problem: string): Part {
  if (!SELECTABLE.test(variable)) throw unusable(problem, `it may read only ${BODY}`);
  const path = variable.slice(BODY.length);
  if (path.includes('(')) throw unusable(problem, 'scripts and filters in a JSONPath are not supported');
  // Every message takes this path, and jsonpath-plus takes 5 µs for two property reads.
  if (MEMBERS_ONLY.test(path)) {
    const names = path.slice(1).split('.');
    return { select: (body) => names.reduce<unknown>(member, body) };
  }
  return { select: (body) => evaluate(`$${path}`, body) };
}

function member(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return Object.hasOwn(value, name) ? Reflect.get(value, name) : undefined;
}

function evaluate(path: string, json: object): unknown {
  try {
    return JSONPath({ path, json, eval: false, wrap: false });
  } catch {
    // The message is nested too deeply for recursive descent.
    return undefined;
  }
}

function selectedText(value: unknown): string {
  try {
    return stringifySelection(value);
  } catch {
    // Lists nested more deeply than the stack allows.
    return '';
  }
}

function jsonObject(message: string): object {
  if (!/^\s*[{[]/.test(message)) return {};
  try {
    return JSON.parse(message);
  } catch {
    return {};
  }
}

function unusable(problem: string, why: string): UserError {
  return new UserError(
    `${problem}: ${why}. ` +
      `Write it as $request.body.action, \${request.body.service}/\${request.body.action}, or a fixed text.`,
  );
}
