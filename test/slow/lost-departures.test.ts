import { setTimeout as wait } from 'node:timers/promises';
import { itSettlesLostDepartures } from '../runtime/lost-departures';

jest.setTimeout(90_000);

describe('in real time, the chat settles departures that nobody was told of', () => {
  // Functions go by their own clocks: nothing but time passes here.
  itSettlesLostDepartures(() => wait(31_000));
});
