/** A mistake that the user can mend: printed as one paragraph, never with a stack trace. */
export class UserError extends Error {
  override readonly name = 'UserError';
}
