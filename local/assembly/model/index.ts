/** The model of an app: the gateway, the function host and the services use only this, never a template. */
export type * from './app';
export type * from './event-source';
export type * from './events';
export type * from './function';
export type * from './http-api';
export type * from './http-authorizer';
export type * from './integration';
export type * from './messaging';
export type * from './not-run';
export type * from './permissions';
export type * from './route';
export type * from './stores';
export type * from './websocket-api';
