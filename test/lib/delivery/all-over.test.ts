import { allOver } from '../../../lib/delivery/all-over';

describe('allOver', () => {
  it('returns all results, in order', async () => {
    expect(await allOver([Promise.resolve(1), Promise.resolve(2)])).toEqual([1, 2]);
  });

  it('fails when the last one has ended, with the first error', async () => {
    let end = () => {};
    const slow = new Promise<void>((resolve) => {
      end = resolve;
    });
    let isOver = false;
    const work = allOver([Promise.reject(new Error('one')), slow, Promise.reject(new Error('two'))]);
    work.catch(() => {
      isOver = true;
    });
    await new Promise(setImmediate);
    expect(isOver).toBe(false);
    end();
    await expect(work).rejects.toThrow('one');
  });
});
