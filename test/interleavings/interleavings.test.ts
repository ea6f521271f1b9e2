import { cases } from './cases';
import { explore } from './explorer';
import { ServiceWorld } from './service-world';

describe('in every order', () => {
  it.each(Object.entries(cases))('%s', async (name, scenario) => {
    const begun = performance.now();
    const { states, paths, complete } = await explore(() => ServiceWorld.make(scenario), 20000);
    console.log(
      `${name}: ${states} states, ${paths} paths, ${complete}, ${Math.round(performance.now() - begun)} ms`,
    );
  });
});
