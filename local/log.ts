/** The runtime's log. A call writes one line, which may be followed by indented lines. */
export interface Log {
  info(text: string): void;
  warn(text: string): void;
  error(text: string): void;
}

export const silentLog: Log = { info() {}, warn() {}, error() {} };
