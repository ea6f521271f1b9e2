/**
 * What the readers of all expressions share: a position among the tokens, paths, and errors, of which one is
 * reported.
 */
import type { AttributeValue } from '../attribute-value';
import { validationError } from '../dynamodb-error';
import { collisionOf, type Path, pathText } from './path';
import type { Placeholders } from './placeholders';
import { isReserved } from './reserved-words';
import { syntaxError, type Token, tokensOf } from './token';

/** More nested parentheses can only be meant to break the reader. */
const MAX_DEPTH = 200;

export abstract class ExpressionReader {
  readonly #kind: string;
  readonly #expression: string;
  readonly #tokens: readonly Token[];
  readonly #placeholders: Placeholders;
  readonly #errors = new Map<string, string>();
  readonly #paths: Path[] = [];
  #at = 0;
  #depth = 0;
  /** First names of paths that lead into an attribute. */
  readonly nestedNames = new Set<string>();
  /** First names of all paths. */
  readonly firstNames = new Set<string>();

  /** @param kind for example `ConditionExpression` */
  constructor(kind: string, expression: string, placeholders: Placeholders) {
    this.#kind = kind;
    this.#expression = expression;
    this.#tokens = tokensOf(kind, expression);
    this.#placeholders = placeholders;
  }

  protected get token(): Token {
    return this.#tokens[this.#at] as Token;
  }

  protected get nextToken(): Token {
    return this.#tokens[this.#at + 1] ?? this.token;
  }

  protected take(): Token {
    const { token } = this;
    if (token.kind !== 'end') this.#at += 1;
    return token;
  }

  protected isSign(sign: string): boolean {
    return this.token.kind === 'sign' && this.token.text === sign;
  }

  protected isKeyword(...keywords: string[]): boolean {
    return this.token.kind === 'word' && keywords.includes(this.token.text.toUpperCase());
  }

  protected takeIfSign(sign: string): boolean {
    const isThere = this.isSign(sign);
    if (isThere) this.take();
    return isThere;
  }

  protected expectSign(sign: string): void {
    if (!this.takeIfSign(sign)) this.fail();
  }

  protected fail(): never {
    throw syntaxError(this.#kind, this.#expression, this.#tokens, this.#at);
  }

  protected nested<Read>(read: () => Read): Read {
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH) this.fail();
    const result = read();
    this.#depth -= 1;
    return result;
  }

  /** The first error of each kind is kept. */
  protected note(kind: string, message: string): void {
    if (!this.#errors.has(kind)) this.#errors.set(kind, message);
  }

  protected noted(kind: string): string | undefined {
    return this.#errors.get(kind);
  }

  /** @throws {DynamoDbError} the first error, in this order of kinds */
  protected refuse(...kinds: string[]): void {
    if (this.token.kind !== 'end') this.fail();
    for (const kind of kinds) {
      const message = this.#errors.get(kind);
      if (message !== undefined) throw validationError(`Invalid ${this.#kind}: ${message}`);
    }
  }

  protected readPath(keywords: string[], nameError: string): Path {
    return this.readSteps([this.#readName(keywords, nameError)], keywords, nameError);
  }

  /** The rest of a path after its beginning. */
  protected readSteps(path: Path, keywords: string[], nameError: string): Path {
    for (;;) {
      if (this.takeIfSign('.')) path.push(this.#readName(keywords, nameError));
      else if (this.takeIfSign('[')) {
        if (this.token.kind !== 'number') this.fail();
        path.push(Number(this.take().text));
        this.expectSign(']');
      } else break;
    }
    const first = String(path[0]);
    this.firstNames.add(first);
    if (path.length > 1) this.nestedNames.add(first);
    return path;
  }

  #readName(keywords: string[], nameError: string): string {
    const { kind, text } = this.token;
    if (kind === 'name') {
      this.take();
      const name = this.#placeholders.name(text);
      if (name === undefined) {
        this.note(
          nameError,
          `An expression attribute name used in the document path is not defined; attribute name: ${text}`,
        );
      }
      return name ?? '';
    }
    if (kind !== 'word' || this.isKeyword(...keywords)) this.fail();
    this.take();
    if (isReserved(text)) {
      this.note('reserved', `Attribute name is a reserved keyword; reserved keyword: ${text}`);
    }
    return text;
  }

  protected readValue(valueError: string): AttributeValue | undefined {
    const { text } = this.take();
    const value = this.#placeholders.value(text);
    if (value === undefined) {
      this.note(
        valueError,
        `An expression attribute value used in expression is not defined; attribute value: ${text}`,
      );
    }
    return value;
  }

  /** Paths that overlap, so that one value would be changed or shown twice. */
  protected addDistinctPath(path: Path): void {
    for (const other of this.#paths) {
      const collision = collisionOf(other, path);
      if (!collision) continue;
      const verb = collision === 'overlap' ? 'overlap' : 'conflict';
      this.note(
        collision,
        `Two document paths ${verb} with each other; must remove or rewrite one of these paths; path one: ${pathText(other)}, path two: ${pathText(path)}`,
      );
      if (collision === 'overlap') return;
    }
    this.#paths.push(path);
  }

  protected get paths(): Path[] {
    return this.#paths;
  }
}
