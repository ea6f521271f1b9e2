/** Writes the XML of AWS's responses, and reads the little that requests have. */
/** S3's namespace, the default. */
const NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/';

export type XmlContent = string | number | boolean | undefined | XmlElement | (XmlElement | string)[];
/** Children by name. Undefined children are omitted; lists become repeated elements. */
export interface XmlElement {
  [name: string]: XmlContent;
}

export function xmlDocument(name: string, content: XmlElement, namespace = NAMESPACE): string {
  const attribute = namespace === '' ? '' : ` xmlns="${namespace}"`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${name}${attribute}>${children(content)}</${name}>`;
}

function children(content: XmlElement): string {
  return Object.entries(content)
    .flatMap(([name, value]) =>
      (Array.isArray(value) ? value : [value]).flatMap((one) =>
        one === undefined
          ? []
          : [`<${name}>${typeof one === 'object' ? children(one) : text(String(one))}</${name}>`],
      ),
    )
    .join('');
}

/** Like S3, writes control characters as references, although XML 1.0 does not allow them. */
function text(value: string): string {
  return value.replace(
    /[&<>"]|\p{Cc}/gu,
    (character) => ENTITIES[character] ?? `&#x${character.charCodeAt(0).toString(16).toUpperCase()};`,
  );
}

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/**
 * The contents of every element of a name, in an XML text without nested ones of the same name. Reads the text only
 * once, whatever it contains: a regular expression would search for the end of each of a thousand open elements.
 */
export function xmlElements(xml: string, name: string): string[] {
  const [opening, closing] = [`<${name}`, `</${name}>`];
  const contents: string[] = [];
  for (let at = xml.indexOf(opening); at >= 0; at = xml.indexOf(opening, at)) {
    at += opening.length;
    // Otherwise, this is the beginning of a longer name.
    if (!/[\s>]/.test(xml[at] ?? '')) continue;
    const start = xml.indexOf('>', at) + 1;
    const end = start === 0 ? -1 : xml.indexOf(closing, start);
    if (end < 0) break;
    contents.push(xml.slice(start, end).trim());
    at = end + closing.length;
  }
  return contents;
}
