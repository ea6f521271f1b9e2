/** An error that the user can fix. Printed as one paragraph, never with a stack trace. */
export class UserError extends Error {
  override readonly name = 'UserError';
}
