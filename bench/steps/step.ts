/** A step of a service, with its name in the table of docs/costs.md and its cost. */
import type { Cost } from '../metered-service';

export interface Step {
  name: string;
  cost: Cost;
}
