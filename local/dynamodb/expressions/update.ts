/** `UpdateExpression`: what to set, remove, add and delete. */
import { type AttributeType, type AttributeValue, typeOf } from '../attribute-value';
import { ExpressionReader } from './expression-reader';
import type { Path } from './path';
import type { Placeholders } from './placeholders';

export type UpdateOperand =
  | { kind: 'path'; path: Path }
  | { kind: 'value'; value: AttributeValue | undefined }
  /** `name` is that of a function, or `+` or `-`. */
  | { kind: 'function'; name: string; operands: UpdateOperand[]; type: AttributeType | undefined };

export type UpdateAction =
  | { kind: 'set'; path: Path; operand: UpdateOperand; type: AttributeType | undefined }
  | { kind: 'remove'; path: Path }
  | { kind: 'add' | 'delete'; path: Path; value: AttributeValue; type: AttributeType | undefined };

export interface Update {
  actions: UpdateAction[];
  nestedNames: ReadonlySet<string>;
}

/** @throws {DynamoDbError} if it is none. */
export function readUpdate(expression: string, placeholders: Placeholders): Update {
  return new UpdateReader('UpdateExpression', expression, placeholders).read();
}

const SECTIONS = ['SET', 'REMOVE', 'ADD', 'DELETE'];

const TYPE_NAMES: Partial<Record<AttributeType, string>> = {
  ...{ S: 'STRING', N: 'NUMBER', B: 'BINARY', NULL: 'NULL', BOOL: 'BOOLEAN', L: 'LIST', M: 'MAP' },
};

class UpdateReader extends ExpressionReader {
  readonly #seen = new Set<string>();

  read(): Update {
    const actions: UpdateAction[] = [];
    do actions.push(...this.#readSection());
    while (this.token.kind !== 'end');
    this.refuse(
      ...['reserved', 'unknownFunction', 'section', 'name', 'value', 'overlap', 'conflict'],
      ...['operand', 'function'],
    );
    return { actions, nestedNames: this.nestedNames };
  }

  #readSection(): UpdateAction[] {
    if (!this.isKeyword(...SECTIONS)) this.fail();
    const section = this.take().text.toUpperCase();
    const actions: UpdateAction[] = [];
    do actions.push(this.#readAction(section));
    while (this.takeIfSign(','));
    if (this.#seen.has(section)) {
      this.note('section', `The "${section}" section can only be used once in an update expression;`);
    }
    this.#seen.add(section);
    return actions;
  }

  #readAction(section: string): UpdateAction {
    const path = this.readPath(SECTIONS, 'name');
    if (section === 'REMOVE') {
      this.addDistinctPath(path);
      return { kind: 'remove', path };
    }
    if (section === 'SET') {
      this.expectSign('=');
      const operand = this.#readSum();
      this.addDistinctPath(path);
      return { kind: 'set', path, operand, type: resultType(operand) };
    }
    if (this.token.kind !== 'value') this.fail();
    const value = this.readValue('value');
    this.addDistinctPath(path);
    if (value) this.#checkSectionType(section, typeOf(value));
    return {
      ...{ kind: section === 'ADD' ? 'add' : 'delete', path, value: value ?? {} },
      type: value && typeOf(value),
    };
  }

  #checkSectionType(section: string, type: AttributeType): void {
    const name = TYPE_NAMES[type];
    if (name === undefined || (section === 'ADD' && type === 'N')) return;
    this.note(
      'operand',
      `Incorrect operand type for operator or function; operator: ${section}, operand type: ${name}, typeSet: ALLOWED_FOR_${section}_OPERAND`,
    );
  }

  #readSum(): UpdateOperand {
    const first = this.#readOperand();
    if (!this.isSign('+') && !this.isSign('-')) return first;
    return this.#operation(this.take().text, [first, this.#readOperand()]);
  }

  #readOperand(): UpdateOperand {
    if (this.takeIfSign('(')) {
      const operand = this.nested(() => this.#readSum());
      this.expectSign(')');
      return operand;
    }
    if (this.token.kind === 'value') return { kind: 'value', value: this.readValue('value') };
    if (this.token.kind === 'word' && this.nextToken.text === '(' && !this.isKeyword(...SECTIONS)) {
      return this.#readFunction();
    }
    return { kind: 'path', path: this.readPath(SECTIONS, 'name') };
  }

  #readFunction(): UpdateOperand {
    const name = this.take().text;
    this.take();
    const operands: UpdateOperand[] = [];
    do operands.push(this.nested(() => this.#readOperand()));
    while (this.takeIfSign(','));
    this.expectSign(')');
    return this.#operation(name, operands);
  }

  #operation(name: string, operands: UpdateOperand[]): UpdateOperand {
    const [first, second] = operands;
    let type: AttributeType | undefined;
    if (!['if_not_exists', 'list_append', '+', '-'].includes(name)) {
      this.note('unknownFunction', `Invalid function name; function: ${name}`);
    } else if (operands.length !== 2 || !second) {
      this.note(
        'function',
        `Incorrect number of operands for operator or function; operator or function: ${name}, number of operands: ${operands.length}`,
      );
    } else if (name === 'if_not_exists') {
      type = resultType(second);
      if (first?.kind !== 'path') {
        this.note('function', `Operator or function requires a document path; operator or function: ${name}`);
      }
    } else {
      type = name === 'list_append' ? 'L' : 'N';
      this.#checkOperandTypes(name, operands, type);
    }
    return { kind: 'function', name, operands, type };
  }

  #checkOperandTypes(name: string, operands: UpdateOperand[], wanted: AttributeType): void {
    for (const operand of operands) {
      const type = operand.kind === 'value' && operand.value ? typeOf(operand.value) : wanted;
      if (type === wanted) continue;
      this.note(
        'function',
        `Incorrect operand type for operator or function; operator or function: ${name}, operand type: ${type}`,
      );
    }
  }
}

/** As far as the expression alone tells. */
function resultType(operand: UpdateOperand): AttributeType | undefined {
  if (operand.kind === 'value') return operand.value && typeOf(operand.value);
  return operand.kind === 'function' ? operand.type : undefined;
}
