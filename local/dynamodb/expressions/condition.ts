/** Conditions in expressions: `ConditionExpression`, `FilterExpression`, `KeyConditionExpression`. */
import type { AttributeType } from '../attribute-value';
import { ExpressionReader } from './expression-reader';
import { boundsError, OPERAND_COUNTS, type Operand, operandsError } from './operand';
import { areSamePaths, pathText } from './path';
import type { Placeholders } from './placeholders';

export type Condition =
  | { kind: 'and' | 'or'; left: Condition; right: Condition }
  | { kind: 'not'; condition: Condition }
  /** `comparator` is a sign, `between`, `in`, or the name of a function. */
  | { kind: 'test'; comparator: string; operands: Operand[]; isFunction: boolean };

export interface ConditionExpression {
  condition: Condition;
  nestedNames: ReadonlySet<string>;
  firstNames: ReadonlySet<string>;
}

/** @throws {DynamoDbError} if it is not a condition */
export function readCondition(
  kind: string,
  expression: string,
  placeholders: Placeholders,
): ConditionExpression {
  return new ConditionReader(kind, expression, placeholders).read();
}

const KEYWORDS = ['BETWEEN', 'IN', 'AND', 'OR', 'NOT'];
const COMPARATORS = ['=', '<>', '<', '<=', '>', '>='];

const MAX_IN_OPERANDS = 100;

type Node = Condition | Operand;

const isCondition = (node: Node): node is Condition =>
  node.kind === 'and' || node.kind === 'or' || node.kind === 'not' || node.kind === 'test';

class ConditionReader extends ExpressionReader {
  /** Nodes with parentheses of their own. */
  readonly #parenthesized = new WeakSet<Node>();

  read(): ConditionExpression {
    const condition = this.#asCondition(this.#readOr());
    this.refuse('parentheses', 'unknownFunction', 'misusedFunction', 'reserved', 'condition');
    return { condition, nestedNames: this.nestedNames, firstNames: this.firstNames };
  }

  #readOr(): Node {
    return this.nested(() => {
      const left = this.#readAnd();
      if (!this.isKeyword('OR')) return left;
      this.take();
      return { kind: 'or', left: this.#asCondition(left), right: this.#asCondition(this.#readOr()) };
    });
  }

  #readAnd(): Node {
    const left = this.#readNot();
    if (!this.isKeyword('AND')) return left;
    this.take();
    const right = this.nested(() => this.#readAnd());
    return { kind: 'and', left: this.#asCondition(left), right: this.#asCondition(right) };
  }

  #readNot(): Node {
    if (!this.isKeyword('NOT')) return this.#readTest();
    this.take();
    return { kind: 'not', condition: this.#asCondition(this.nested(() => this.#readNot())) };
  }

  #readTest(): Node {
    const first = this.#readPrimary();
    if (isCondition(first)) return first;
    if (this.token.kind === 'sign' && COMPARATORS.includes(this.token.text)) {
      const comparator = this.take().text;
      const operands = [first, this.#readOperand()];
      this.#refuseMisused(operands);
      this.#checkDistinct(comparator, operands);
      return this.#test(comparator, operands);
    }
    if (this.isKeyword('BETWEEN')) return this.#readBetween(first);
    if (this.isKeyword('IN')) return this.#readIn(first);
    if (first.kind === 'function' && !this.#parenthesized.has(first)) this.#noteCondition();
    return first;
  }

  #readBetween(first: Operand): Condition {
    this.take();
    const lower = this.#readOperand();
    if (!this.isKeyword('AND')) this.fail();
    this.take();
    const upper = this.#readOperand();
    const operands = [first, lower, upper];
    this.#refuseMisused(operands);
    const message = boundsError(lower, upper);
    if (message !== undefined) this.note('function', message);
    return this.#test('between', operands);
  }

  #readIn(first: Operand): Condition {
    this.take();
    this.expectSign('(');
    const operands = [first, ...this.#readOperands()];
    this.#refuseMisused(operands);
    if (operands.length > MAX_IN_OPERANDS + 1) {
      this.note(
        'operand',
        `The IN operator is provided with too many operands; number of operands: ${operands.length - 1}`,
      );
    }
    return this.#test('in', operands);
  }

  #test(comparator: string, operands: Operand[]): Condition {
    this.#noteCondition();
    return { kind: 'test', comparator, operands, isFunction: false };
  }

  /** Reports the gravest error of the first condition that has errors. */
  #noteCondition(): void {
    const kind = ['placeholder', 'operand', 'distinct', 'function'].find((one) => this.noted(one));
    if (kind) this.note('condition', this.noted(kind) ?? '');
  }

  #readOperand(): Operand {
    const node = this.#readPrimary();
    if (isCondition(node)) this.fail();
    return node;
  }

  /** Up to the closing parenthesis. */
  #readOperands(): Operand[] {
    const operands: Operand[] = [];
    do operands.push(this.#readOperand());
    while (this.takeIfSign(','));
    this.expectSign(')');
    return operands;
  }

  #readPrimary(): Node {
    if (this.takeIfSign('(')) {
      const node = this.nested(() => this.#readOr());
      this.expectSign(')');
      if (this.#parenthesized.has(node)) {
        this.note('parentheses', 'The expression has redundant parentheses;');
      }
      this.#parenthesized.add(node);
      if (node.kind === 'path') this.readSteps(node.path, KEYWORDS, 'placeholder');
      return node;
    }
    if (this.token.kind === 'value') return { kind: 'value', value: this.readValue('placeholder') };
    if (this.token.kind === 'word' && this.nextToken.text === '(' && !this.isKeyword(...KEYWORDS)) {
      return this.#readFunction();
    }
    return { kind: 'path', path: this.readPath(KEYWORDS, 'placeholder') };
  }

  #readFunction(): Operand {
    const name = this.take().text;
    this.take();
    const operands = this.nested(() => this.#readOperands());
    this.#refuseMisused(operands);
    return { kind: 'function', name, operands, type: this.#checkFunction(name, operands) };
  }

  /** A function alone is a condition, except `size`. */
  #asCondition(node: Node): Condition {
    if (isCondition(node)) return node;
    if (node.kind !== 'function') this.fail();
    if (node.name === 'size') this.#noteMisused(node.name);
    return { kind: 'test', comparator: node.name, operands: node.operands, isFunction: true };
  }

  #refuseMisused(operands: Operand[]): void {
    for (const operand of operands) {
      if (operand.kind === 'function' && operand.name !== 'size') this.#noteMisused(operand.name);
    }
  }

  #noteMisused(name: string): void {
    this.note(
      'misusedFunction',
      `The function is not allowed to be used this way in an expression; function: ${name}`,
    );
  }

  #checkDistinct(name: string, [first, second, ...more]: Operand[]): void {
    if (first?.kind !== 'path' || second?.kind !== 'path' || more.length > 0) return;
    if (!areSamePaths(first.path, second.path)) return;
    this.note(
      'distinct',
      `The first operand must be distinct from the remaining operands for this operator or function; operator: ${name}, first operand: ${pathText(first.path)}`,
    );
  }

  /** The type of the function's result. */
  #checkFunction(name: string, operands: Operand[]): AttributeType | undefined {
    const count = OPERAND_COUNTS.get(name);
    if (count === undefined) {
      this.note('unknownFunction', `Invalid function name; function: ${name}`);
      return undefined;
    }
    if (operands.length !== count) {
      this.note(
        'operand',
        `Incorrect number of operands for operator or function; operator or function: ${name}, number of operands: ${operands.length}`,
      );
      return undefined;
    }
    this.#checkDistinct(name, operands);
    const message = operandsError(name, operands);
    if (message !== undefined) this.note('function', message);
    return name === 'size' ? 'N' : 'BOOL';
  }
}
