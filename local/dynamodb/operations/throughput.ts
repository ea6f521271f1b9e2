/** Provisioned throughput: its units, when they were last raised and lowered, and how often that is allowed. */
import type { JsonObject } from '../../assembly/values/json';
import { FREE_DECREASES_PER_DAY, SECONDS_BETWEEN_DECREASES } from '../assumptions';
import { serviceError, validationError } from '../dynamodb-error';

const DAY_SECONDS = 24 * 60 * 60;

/** What a table or index without provisioned throughput tells. */
export const NO_UNITS: JsonObject = { ReadCapacityUnits: 0, WriteCapacityUnits: 0 };

export function newThroughput({ ProvisionedThroughput: units }: JsonObject): JsonObject {
  return { ...((units as JsonObject | undefined) ?? NO_UNITS), NumberOfDecreasesToday: 0 };
}

/**
 * @param index undefined for the table
 * @throws {DynamoDbError} if nothing changes, or units were lowered too often today
 */
export function checkChange(now: JsonObject, asked: JsonObject, seconds: number, index?: string): void {
  if (!isRaised(now, asked) && !isLowered(now, asked)) {
    const what = index === undefined ? 'table' : 'index';
    const named = index === undefined ? '' : ` ${index}`;
    throw validationError(
      `The provisioned throughput for the ${what}${named} will not change. The requested value equals the current value. Current ReadCapacityUnits provisioned for the ${what}: ${now.ReadCapacityUnits}. Requested ReadCapacityUnits: ${asked.ReadCapacityUnits}. Current WriteCapacityUnits provisioned for the ${what}: ${now.WriteCapacityUnits}. Requested WriteCapacityUnits: ${asked.WriteCapacityUnits}. Refer to the Amazon DynamoDB Developer Guide for current limits and how to request higher limits.`,
    );
  }
  if (isLowered(now, asked)) refuseTooMany(now, seconds);
}

function refuseTooMany(now: JsonObject, seconds: number): void {
  const count = decreasesToday(now, seconds);
  const last = Number(now.LastDecreaseDateTime ?? 0);
  if (count < FREE_DECREASES_PER_DAY || seconds >= last + SECONDS_BETWEEN_DECREASES) return;
  const shown = (at: number) => new Date(at * 1000).toUTCString();
  throw serviceError(
    'LimitExceededException',
    `Subscriber limit exceeded: Provisioned throughput decreases are limited within a given UTC day. After the first ${FREE_DECREASES_PER_DAY} decreases, each subsequent decrease in the same UTC day can be performed at most once every ${SECONDS_BETWEEN_DECREASES} seconds. Number of decreases today: ${count}. Last decrease at ${shown(last)}. Next decrease can be made at ${shown(last + SECONDS_BETWEEN_DECREASES)}`,
  );
}

/** While the units change, they are still the old ones. */
export function changing(now: JsonObject, asked: JsonObject, seconds: number): JsonObject {
  return {
    ...now,
    ...(isRaised(now, asked) && { LastIncreaseDateTime: seconds }),
    ...(isLowered(now, asked) && { LastDecreaseDateTime: seconds }),
  };
}

/** @param before what it was when the change began */
export function changed(before: JsonObject, asked: JsonObject, seconds: number): JsonObject {
  const wasLowered = isLowered(before, asked);
  return {
    ...changing(before, asked, seconds),
    ...asked,
    NumberOfDecreasesToday: decreasesToday(before, seconds) + (wasLowered ? 1 : 0),
  };
}

export function decreasesToday(
  { NumberOfDecreasesToday, LastDecreaseDateTime }: JsonObject,
  seconds: number,
): number {
  const isToday =
    LastDecreaseDateTime === undefined ||
    Math.floor(Number(LastDecreaseDateTime) / DAY_SECONDS) === Math.floor(seconds / DAY_SECONDS);
  return isToday ? Number(NumberOfDecreasesToday ?? 0) : 0;
}

function isRaised(now: JsonObject, asked: JsonObject): boolean {
  return differsBy(now, asked, (difference) => difference > 0);
}

function isLowered(now: JsonObject, asked: JsonObject): boolean {
  return differsBy(now, asked, (difference) => difference < 0);
}

function differsBy(now: JsonObject, asked: JsonObject, holds: (difference: number) => boolean): boolean {
  return ['ReadCapacityUnits', 'WriteCapacityUnits'].some((name) =>
    holds(Number(asked[name]) - Number(now[name] ?? 0)),
  );
}
