/**
 * The command that connects to a service from a terminal, with a placeholder for the token that the service requires.
 */
import type { JwtOptions } from './jwt-options';

export function wscatCommand(url: string, jwt?: JwtOptions): string {
  const command = `npx wscat -c ${url}`;
  switch (jwt?.from) {
    case 'subprotocol':
      return `${command} -s ${inShell(jwt.name ?? 'bearer')} -s TOKEN`;
    case 'header':
      return `${command} -H ${inShell(`${jwt.name ?? 'Authorization'}: Bearer TOKEN`)}`;
    case 'cookie':
      return `${command} -H ${inShell(`Cookie: ${jwt.name ?? 'token'}=TOKEN`)}`;
    case 'query':
      return `npx wscat -c '${url}?${inQuery(jwt.name ?? 'token')}=TOKEN'`;
    default:
      return command;
  }
}

function inShell(text: string): string {
  return /^[\w.-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** Between single quotes, a shell leaves everything but `'` unchanged, and `encodeURIComponent` does not escape `'`. */
function inQuery(name: string): string {
  return encodeURIComponent(name).replaceAll("'", '%27');
}
