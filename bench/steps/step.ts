/** A step of a service, by the name that the table of docs/costs.md gives it, and what it costs. */
import type { Cost } from '../metered-service';

export interface Step {
  name: string;
  cost: Cost;
}
