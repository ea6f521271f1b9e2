import { serverForAudience } from '../../../functions/notifications/audience';
import { TestService } from '../../../lib/testing';

describe('serverForAudience', () => {
  const connect = (environment: NodeJS.ProcessEnv) =>
    new TestService(serverForAudience(environment), { name: 'notifications' }).connect();

  it.each([{}, { OPEN_TO_EVERYBODY: 'yes' }])(
    'lets nobody connect with %j, and logs who could',
    async (environment) => {
      const error = jest.spyOn(console, 'error').mockImplementation(() => {});
      await expect(connect(environment)).rejects.toThrow('403');
      expect(error).toHaveBeenCalledWith(
        expect.stringMatching(/--context credentials=ARN.*--context open=true/),
      );
      error.mockRestore();
    },
  );

  it.each(['OPEN_TO_EVERYBODY', 'SHARED_CONNECTION_LOCAL'])(
    'lets everybody connect with %s=true',
    async (name) => {
      const client = await connect({ [name]: 'true' });
      expect(client.messages).toEqual([{ Type: 'Subscriptions', Topics: ['*'] }]);
    },
  );

  it('asks the verifier if there is one, whatever else is configured', () => {
    const environment = { CREDENTIALS: 'users.json', SHARED_CONNECTION_LOCAL: 'true' };
    expect(serverForAudience(environment)).not.toBe(serverForAudience({ SHARED_CONNECTION_LOCAL: 'true' }));
  });
});
