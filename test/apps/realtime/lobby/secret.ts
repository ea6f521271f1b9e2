/** What the tokens of the tests are signed with. */
export const SECRET = 'a secret of the tests';
