/** Runs every step of docs/costs.md on one metered table, and returns the costs. */
import { MeteredTable } from '../metered-table';
import { chatSteps } from './chat-steps';
import { librarySteps } from './library-steps';
import { notificationsSteps } from './notifications-steps';
import { realtimeSteps } from './realtime-steps';
import { roomsSteps } from './rooms-steps';
import type { Step } from './step';

export async function allSteps(): Promise<Step[]> {
  const table = await MeteredTable.start();
  const steps: Step[] = [];
  try {
    for (const some of [librarySteps, chatSteps, roomsSteps, realtimeSteps, notificationsSteps]) {
      for await (const step of some(table)) steps.push(step);
    }
  } finally {
    await table.stop();
  }
  return steps;
}
