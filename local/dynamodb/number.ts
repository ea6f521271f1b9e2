/** DynamoDB's numbers: 38 significant digits, exact. */
import { validationError } from './dynamodb-error';

const MAX_DIGITS = 38;
const MAX_EXPONENT = 125;
const MIN_EXPONENT = -130;

const FORM = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/;

/** Numbers that are already in DynamoDB's format. */
const PLAIN = /^(?:0|-?[1-9]\d{0,17})$/;

export interface Decimal {
  isNegative: boolean;
  /** Without zeros at either end; empty for zero. */
  digits: string;
  /** The exponent of the first digit: 2 for 123. */
  exponent: number;
}

const ZERO: Decimal = { isNegative: false, digits: '', exponent: 0 };

/** The number in DynamoDB's format. @throws {DynamoDbError} if it is not a number, or out of range */
export function canonicalNumber(text: string): string {
  return PLAIN.test(text) ? text : format(checked(parse(text)));
}

export function addNumbers(a: string, b: string): string {
  return sum(parse(a), parse(b));
}

export function subtractNumbers(a: string, b: string): string {
  const { isNegative, digits, exponent } = parse(b);
  return sum(parse(a), { isNegative: !isNegative, digits, exponent });
}

/** Negative if `a` is less than `b`. */
export function compareNumbers(a: string, b: string): number {
  if (PLAIN.test(a) && PLAIN.test(b)) {
    if (a.length < 16 && b.length < 16) return Number(a) - Number(b);
    const difference = BigInt(a) - BigInt(b);
    return difference < 0n ? -1 : Number(difference > 0n);
  }
  const [first, second] = [sortableNumber(a), sortableNumber(b)];
  if (first === second) return 0;
  return first < second ? -1 : 1;
}

/** A text of characters below 256 that sorts like the number. */
export function sortableNumber(text: string): string {
  const { isNegative, digits, exponent } = parse(text);
  if (digits === '') return '\x80';
  const order = exponent - MIN_EXPONENT;
  if (!isNegative) return `\x81${String.fromCharCode(order)}${digits}`;
  const complement = digits.replace(/\d/g, (digit) => String(9 - Number(digit)));
  return `\x7f${String.fromCharCode(255 - order)}${complement}\xff`;
}

export function parse(text: string): Decimal {
  const match = text === '' ? null : FORM.exec(text);
  const [, sign = '', whole = '', fraction = '', power = '0'] = match ?? [];
  if (!match || whole + fraction === '') {
    const value = text === '' ? '' : `: ${text}`;
    throw validationError(`The parameter cannot be converted to a numeric value${value}`);
  }
  const all = whole + fraction;
  const first = all.search(/[1-9]/);
  if (first < 0) return ZERO;
  const digits = withoutTrailingZeros(all.slice(first));
  return { isNegative: sign === '-', digits, exponent: whole.length - 1 - first + Number(power) };
}

function withoutTrailingZeros(digits: string): string {
  let end = digits.length;
  while (digits[end - 1] === '0') end -= 1;
  return digits.slice(0, end);
}

function checked(number: Decimal): Decimal {
  if (number.exponent > MAX_EXPONENT) {
    throw validationError(
      'Number overflow. Attempting to store a number with magnitude larger than supported range',
    );
  }
  if (number.exponent < MIN_EXPONENT) {
    throw validationError(
      'Number underflow. Attempting to store a number with magnitude smaller than supported range',
    );
  }
  if (number.digits.length > MAX_DIGITS) {
    throw validationError('Attempting to store more than 38 significant digits in a Number');
  }
  return number;
}

function format({ isNegative, digits, exponent }: Decimal): string {
  if (digits === '') return '0';
  const sign = isNegative ? '-' : '';
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`;
  const padded = digits.padEnd(exponent + 1, '0');
  const [whole, fraction] = [padded.slice(0, exponent + 1), padded.slice(exponent + 1)];
  return `${sign}${whole}${fraction === '' ? '' : `.${fraction}`}`;
}

/** The exponents of stored numbers differ by at most 255, so the integers stay small. */
function sum(a: Decimal, b: Decimal): string {
  const scale = Math.min(lastExponent(a), lastExponent(b));
  const total = scaled(a, scale) + scaled(b, scale);
  const digits = String(total < 0n ? -total : total);
  return format(
    checked(
      total === 0n
        ? ZERO
        : {
            isNegative: total < 0n,
            digits: withoutTrailingZeros(digits),
            exponent: scale + digits.length - 1,
          },
    ),
  );
}

function lastExponent({ digits, exponent }: Decimal): number {
  return exponent - Math.max(digits.length, 1) + 1;
}

function scaled(number: Decimal, scale: number): bigint {
  const value = BigInt(number.digits || '0') * 10n ** BigInt(lastExponent(number) - scale);
  return number.isNegative ? -value : value;
}
