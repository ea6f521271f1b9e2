import type { App } from './assembly/model';

/** The readable name of a function, by its physical name. */
export type NameForPeople = (functionName: string) => string;

/** Names functions by their construct paths (`Chat/Functions/Routes`), without the stack if there is only one. */
export function namesForPeople({
  apis,
  functions,
  tables,
}: Pick<App, 'apis' | 'functions' | 'tables'>): NameForPeople {
  const stacks = new Set([...apis, ...functions, ...tables].map(({ path }) => path.split('/')[0]));
  const names = new Map(
    functions.map(({ functionName, path }) => {
      const short = path.replace(/\/Resource$/, '');
      return [functionName, stacks.size === 1 ? short.replace(/^[^/]+\//, '') : short];
    }),
  );
  return (functionName) => names.get(functionName) ?? functionName;
}
