import { serverForHearers } from '../../../functions/notifications/hearers';
import { TestService } from '../../../lib/testing';

describe('serverForHearers', () => {
  const connect = (environment: NodeJS.ProcessEnv) =>
    new TestService(serverForHearers(environment), { name: 'notifications' }).connect();

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

  it('asks the verifier where there is one, whatever else is said', () => {
    const environment = { CREDENTIALS: 'users.json', SHARED_CONNECTION_LOCAL: 'true' };
    expect(serverForHearers(environment)).not.toBe(serverForHearers({ SHARED_CONNECTION_LOCAL: 'true' }));
  });
});
