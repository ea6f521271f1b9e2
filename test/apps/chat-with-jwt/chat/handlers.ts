/** The handlers of this repository's chat. The construct decides who may connect. */
export { routes, server } from '../../../../functions/chat/handlers';
