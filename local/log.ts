/** Where the runtime logs. One call writes one line, or one block under a line. */
export interface Log {
  info(text: string): void;
  warn(text: string): void;
  error(text: string): void;
}

export const silentLog: Log = { info() {}, warn() {}, error() {} };
