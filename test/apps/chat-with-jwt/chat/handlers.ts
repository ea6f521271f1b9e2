/** The handlers of this repository's chat: who may connect is for the construct to say. */
export { routes, server } from '../../../../functions/chat/handlers';
