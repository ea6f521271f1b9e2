/** Tables that a request makes or changes are ready a moment later, as on AWS. */
import type { JsonObject } from '../../assembly/values/json';
import type { Database } from '../database';

/** Changes the description when the transition is over. What is stored is already the final state. */
export function afterTransition(
  database: Database,
  name: string,
  change: (description: JsonObject) => JsonObject,
): void {
  const { transitionMillis = 0, clock } = database.options;
  const apply = () => {
    if (!database.hasTable(name)) return;
    const { state, status } = database.managedTable(name);
    if (status !== 'DELETING') database.keepTable({ ...state, description: change(state.description) });
  };
  if (transitionMillis === 0) apply();
  else clock.after(transitionMillis, apply);
}

/** The table and all its indexes are ready. */
export function active(description: JsonObject): JsonObject {
  const indexes = description.GlobalSecondaryIndexes as JsonObject[] | undefined;
  return {
    ...description,
    TableStatus: 'ACTIVE',
    ...(indexes && {
      GlobalSecondaryIndexes: indexes.map(({ Backfilling: _, ...index }) => ({
        ...index,
        IndexStatus: 'ACTIVE',
      })),
    }),
  };
}
