import { run } from './recorded-terminal';

/** The output of the command line that needs neither a runtime nor AWS. */
describe('shared-connection', () => {
  describe('an unknown command', () => {
    it('is reported with the most similar command', async () => {
      const { exitCode, complaint } = await run(['membrs']);
      expect(exitCode).toBe(1);
      expect(complaint).toMatch(/unknown command 'membrs'\n\(Did you mean members\?\)/);
    });

    it('is reported without a suggestion if no command is similar', async () => {
      expect((await run(['frobnicate'])).complaint).toMatch(/unknown command 'frobnicate'\n\(--help lists/);
    });
  });

  describe('a command', () => {
    it('has help with examples', async () => {
      const { out } = await run(['write', '--help']);
      expect(out).toContain('Examples:');
    });

    it('refuses an invalid URL', async () => {
      const { exitCode, complaint } = await run(['list', '--url', 'localhost']);
      expect(exitCode).toBe(1);
      expect(complaint).toContain('Specify a URL such as http://localhost:3001.');
    });
  });
});
