/** The command `tail`: prints who connects, is identified and disconnects, from now on. */
import { followChanges } from './changes';
import type { PlaceOptions } from './client-settings';
import { Place } from './place';
import type { Terminal } from './terminal';

const LOOK_MILLISECONDS = 1_000;

export async function tail(
  serviceName: string | undefined,
  options: PlaceOptions & { json: boolean },
  terminal: Terminal,
): Promise<void> {
  const place = await Place.find(options);
  await followChanges(place.services(serviceName), LOOK_MILLISECONDS, options.json, terminal);
}
