import { run } from './recorded-terminal';

/** What the command line says without asking a runtime or AWS. */
describe('shared-connection', () => {
  describe('a command that is not there', () => {
    it('is named, with the nearest one', async () => {
      const { exitCode, complaint } = await run(['membrs']);
      expect(exitCode).toBe(1);
      expect(complaint).toMatch(/unknown command 'membrs'\n\(Did you mean members\?\)/);
    });

    it('is named where none is near', async () => {
      expect((await run(['frobnicate'])).complaint).toMatch(/unknown command 'frobnicate'\n\(--help lists/);
    });
  });

  describe('a command', () => {
    it('has help with examples', async () => {
      const { out } = await run(['write', '--help']);
      expect(out).toContain('Examples:');
    });

    it('refuses a URL that is none', async () => {
      const { exitCode, complaint } = await run(['list', '--url', 'localhost']);
      expect(exitCode).toBe(1);
      expect(complaint).toContain('Specify a URL such as http://localhost:3001.');
    });
  });
});
