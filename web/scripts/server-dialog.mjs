/** The dialog that asks before a page connects to a server that is not its own. */

const DIALOG = `
  <form method="dialog">
    <h2 id="foreign-title">Connect to another server?</h2>
    <div id="foreign-words">
      <p>The link you followed connects this page to</p>
      <p><strong id="foreign-server"></strong></p>
      <p>This is not the page’s own server. Whoever runs it can read everything you write here.</p>
    </div>
    <menu>
      <button type="submit" value="stay" class="primary" autofocus>Stay with this page’s server</button>
      <button type="submit" value="connect" class="danger">Connect there</button>
    </menu>
  </form>`;

/** Resolves to whether the user agrees to connect to this server. The dialog shows its scheme and host. */
export async function agreesTo({ protocol, host }) {
  const dialog = document.createElement('dialog');
  dialog.id = 'foreign';
  dialog.setAttribute('aria-labelledby', 'foreign-title');
  dialog.setAttribute('aria-describedby', 'foreign-words');
  dialog.innerHTML = DIALOG;
  dialog.querySelector('#foreign-server').textContent = `${protocol}//${host}`;
  document.body.append(dialog);
  dialog.showModal();
  await new Promise((resolve) => dialog.addEventListener('close', resolve, { once: true }));
  dialog.remove();
  return dialog.returnValue === 'connect';
}
