import { requestId } from '../../../local/dynamodb/request-id';

describe('requestId', () => {
  it('has the form of DynamoDB ids, and is never repeated', () => {
    const ids = Array.from({ length: 1_000 }, requestId);
    expect(new Set(ids).size).toBe(1_000);
    expect(ids.filter((id) => !/^[A-Z0-9]{52}$/.test(id))).toEqual([]);
  });
});
