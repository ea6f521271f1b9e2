/** Signs the tokens of the tests. */
export const SECRET = 'a secret of the tests';
