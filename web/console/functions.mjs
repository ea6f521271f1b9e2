/** The functions, and the APIs with their routes. */
import { byId, make, reconcile, setText } from './dom.mjs';
import { count, duration } from './format.mjs';

/** @param showActivity is called with a function's name */
export function showFunctions(functions, showActivity) {
  byId('functions-empty').hidden = functions.length > 0;
  byId('functions').hidden = functions.length === 0;
  reconcile(
    byId('functions').tBodies[0],
    functions,
    ({ name }) => name,
    ({ name, runtime, timeoutSeconds, memoryMegabytes }) => {
      const title = `${runtime}, ${memoryMegabytes} MB, ${timeoutSeconds} s`;
      const button = make('button', { type: 'button', className: 'link', title }, ...breakable(name));
      button.addEventListener('click', () => showActivity(name));
      return make(
        'tr',
        {},
        make('th', { scope: 'row' }, button),
        ...Array.from({ length: 5 }, () => make('td')),
      );
    },
    (row, { running, invocations, errors, cold, medianMillis }) => {
      const texts = [running, invocations, errors, cold].map(count);
      const cells = [...row.cells].slice(1);
      texts.push(medianMillis === undefined ? '–' : duration(medianMillis));
      for (const [index, text] of texts.entries()) {
        setText(cells[index], text);
        cells[index].classList.toggle('quiet', text === '0');
      }
      cells[0].classList.toggle('is-running', running > 0);
      cells[2].classList.toggle('is-bad', errors > 0);
    },
  );
}

export function showApis(apis) {
  reconcile(
    byId('apis'),
    apis,
    ({ id }) => id,
    () => make('section', { className: 'api' }, make('h3'), make('ul', { className: 'urls' }), make('dl')),
    (section, { name, kind, stages, routes }) => {
      const [title, urls, list] = section.children;
      const text = JSON.stringify([name, kind, stages, routes]);
      if (section.shown === text) return;
      section.shown = text;
      title.replaceChildren(name, make('span', { className: 'count' }, kind));
      urls.replaceChildren(...stages.map(({ url }) => make('li', {}, make('code', {}, url))));
      list.replaceChildren(...routes.flatMap(({ key, runs }) => [make('dt', {}, key), make('dd', {}, runs)]));
    },
  );
}

/** A path may wrap after its slashes. */
function breakable(path) {
  return path.split(/(?<=\/)/).flatMap((part, index) => (index === 0 ? [part] : [make('wbr'), part]));
}
