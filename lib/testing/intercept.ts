/** How a test steps between the code and the fakes: every call of a fake goes through here before it takes effect. */

export interface Call {
  to: 'table' | 'gateway' | 'functions';
  /** For instance `update`, `POST` or `invoke`. */
  operation: string;
  /** What it is about: the item's key, the connection's id, the function's name. */
  subject: string;
}

/**
 * Lets a call through by running `apply` and handing on its answer. Holding it back delays the call; not running it loses
 * it; running it and throwing loses its answer; running it twice repeats it.
 */
export type Intercept = <T>(call: Call, apply: () => T) => Promise<T>;

export const letThrough: Intercept = async (_call, apply) => apply();
