/** Lets a test delay, lose or repeat calls: every call of a fake passes through here before it takes effect. */

export interface Call {
  to: 'table' | 'gateway' | 'functions';
  /** For instance `update`, `POST` or `invoke`. */
  operation: string;
  /** What it concerns: the item's key, the connection's id or the function's name. */
  subject: string;
}

/**
 * Lets a call through by running `apply` and returning its result. To delay the call, wait first. To lose it, do not
 * run it. To lose its response, run it and throw. To repeat it, run it twice.
 */
export type Intercept = <T>(call: Call, apply: () => T) => Promise<T>;

export const letThrough: Intercept = async (_call, apply) => apply();
