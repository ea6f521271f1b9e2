/** A case: one fact about API Gateway, with a check that runs against any endpoint. */
import type { Endpoint } from './client';

/** The APIs of `app/app.ts`, by the names of their outputs. */
export const API_NAMES = [
  ...(['main', 'second', 'bare', 'nested', 'composite', 'guarded', 'signed', 'throttled'] as const),
] as const;
export type ApiName = (typeof API_NAMES)[number];
export type Apis = Record<ApiName, Endpoint>;

export interface Case {
  /** The behavior of API Gateway, as a sentence. */
  fact: string;
  /** The source of the fact. */
  source: string;
  /** The APIs that the case needs in addition to `main`. */
  apis?: ApiName[];
  /** @throws if the endpoint behaves differently */
  run(apis: Apis): Promise<void>;
}

/**
 * A fact that cannot be checked at an endpoint in reasonable time: where else it is tested, or why it is not tested.
 */
export interface OtherFact {
  fact: string;
  source: string;
  /** A test that advances the runtime's clock, or forces what happens rarely on AWS. */
  test?: string;
  /** Why nothing here tests it. */
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
