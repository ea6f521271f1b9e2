import { itSettlesLostDepartures } from '../runtime/lost-departures';

describe('the chat cleans up departures that it was not told about', () => {
  itSettlesLostDepartures((rows) => rows.age(31_000));
});
