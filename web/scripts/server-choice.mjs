/** Which server a page connects to: the service on its own host, or one from a link, if the user agrees. */
import { agreesTo } from './server-dialog.mjs';

/**
 * The server's `url`, and whether it `isForeign`. A link may name any server as ?url=wss://…, so nothing is sent
 * there before the user agrees. The answer is not stored, so the next link asks again.
 */
export async function chooseServer(service) {
  const own = new URL(`/${service}`, location.href);
  own.search = '';
  own.hash = '';
  own.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:';
  const named = namedServer();
  if (named && named.href !== own.href && (await agrees(named))) return { url: named.href, isForeign: true };
  return { url: own.href, isForeign: false };
}

/**
 * The link's URL, if it can be a WebSocket server. A user name and password in front of the host are removed, because
 * they could disguise it.
 */
function namedServer() {
  const given = new URLSearchParams(location.search).get('url');
  if (!given || !URL.canParse(given)) return undefined;
  const url = new URL(given);
  if (url.protocol !== 'ws:' && url.protocol !== 'wss:') return undefined;
  url.username = '';
  url.password = '';
  url.hash = '';
  return url;
}

async function agrees(server) {
  if (await agreesTo(server)) return true;
  // A reload would ask again.
  history.replaceState(null, '', location.pathname + location.hash);
  return false;
}
