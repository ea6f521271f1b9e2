/** A fact about API Gateway, as a case that any endpoint can be asked to show. */
import type { Endpoint } from './client';

/** The APIs of `app/app.ts`, by the names of their outputs. */
export const API_NAMES = [
  ...(['main', 'second', 'bare', 'nested', 'composite', 'guarded', 'signed', 'throttled'] as const),
] as const;
export type ApiName = (typeof API_NAMES)[number];
export type Apis = Record<ApiName, Endpoint>;

export interface Case {
  /** What API Gateway does, as a sentence. */
  fact: string;
  /** Who says so. */
  source: string;
  /** The APIs that it needs, beside `main`. */
  apis?: ApiName[];
  /** @throws where the endpoint behaves otherwise. */
  run(apis: Apis): Promise<void>;
}

/** A fact that no endpoint can be asked for in reasonable time: where it is tested instead, or why it is not. */
export interface OtherFact {
  fact: string;
  source: string;
  /** A test that turns the runtime's clock, or makes what AWS does seldom. */
  test?: string;
  /** Why nothing here shows it. */
  why?: string;
}

export interface Section {
  title: string;
  cases: Case[];
  others?: OtherFact[];
}

/** Public pages and reports, by short names. */
export const SOURCES = {
  connect: 'Developer Guide: $connect and $disconnect routes',
  authorizers: 'Developer Guide: Lambda REQUEST authorizers of WebSocket APIs',
  events: 'Developer Guide: integration requests of WebSocket APIs, sample events',
  routes: 'Developer Guide: routes of WebSocket APIs',
  selection: 'Developer Guide: selection expressions',
  responses: 'Developer Guide: route responses',
  callback: 'Developer Guide: @connections',
  quotas: 'Developer Guide: WebSocket quotas',
  overview: 'Developer Guide: overview of WebSocket APIs',
  subprotocols: 'Developer Guide: $connect with a subprotocol',
  validation: 'Developer Guide: request validation of WebSocket APIs',
  offline: 'serverless-offline, tests that were run on AWS',
  oneWay: 'serverless-offline #1301, run on AWS',
  recorded: 'bref, recorded responses of @connections',
  wscat: 'a published table of wscat results',
  samples: 'published event dumps',
} as const;
