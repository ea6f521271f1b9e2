/** All cases, in the order of docs/fidelity.md. */
import type { Section } from '../case';
import { authorizers } from './authorizers';
import { closing } from './closing';
import { events } from './events';
import { handshake } from './handshake';
import { management } from './management';
import { results } from './results';
import { routes } from './routes';

export const SECTIONS: Section[] = [handshake, authorizers, events, routes, results, closing, management];
