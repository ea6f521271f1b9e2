import { createHandlers } from 'shared-connection';
import { QuizServer } from './server';

export const { routes, server } = createHandlers(QuizServer);
