/**
 * Creates elements with text. Text from other users is never parsed as HTML, and is shown in its own writing
 * direction.
 */

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

/**
 * Shows items in order, identified by keys. Existing elements stay in the document, to keep the focus and the scroll
 * position.
 */
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
