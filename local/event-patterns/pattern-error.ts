/** A pattern that AWS would refuse, with the reason. */
export class PatternError extends Error {}
