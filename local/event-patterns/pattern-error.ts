/** A pattern that AWS would not take, with the reason. */
export class PatternError extends Error {}
