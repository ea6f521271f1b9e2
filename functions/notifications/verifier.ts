/** Decides whether a client may receive anything. */
export interface Verifier {
  /** Whether this user has this password. Must take as long for an unknown user as for a known one. */
  verify(user: string, password: string): Promise<boolean>;
}
