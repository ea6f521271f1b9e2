/** Makes elements with text. What others wrote is only ever text, and reads in its own direction. */

export function made(name, className, text, ...children) {
  const element = document.createElement(name);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  element.append(...children);
  return element;
}

export function isolated(name, className, text) {
  const element = made(name, className, text);
  element.dir = 'auto';
  return element;
}

/** Shows items by their keys, in their order. Elements that are there stay, so that focus and scroll position do. */
export function showKeyed(list, items, keyOf, make) {
  const known = new Map([...list.children].map((child) => [child.dataset.key, child]));
  let place = list.firstElementChild;
  for (const item of items) {
    const key = String(keyOf(item));
    const child = known.get(key) ?? make(item);
    known.delete(key);
    child.dataset.key = key;
    if (child === place) place = place.nextElementSibling;
    else list.insertBefore(child, place);
  }
  for (const child of known.values()) child.remove();
}
