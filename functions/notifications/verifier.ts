/** Who decides whether a client may hear anything. */
export interface Verifier {
  /** Whether this user has this password. Takes as long for an unknown user as for a known one. */
  verify(user: string, password: string): Promise<boolean>;
}
