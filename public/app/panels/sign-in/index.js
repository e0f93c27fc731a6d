import './panel.css';
import { readToken } from '../../model/token.js';
import { element, uniqueId } from '../../ui/element.js';
import { setAttribute, setText } from '../../ui/paint.js';
import { formatSpan } from '../../words/format.js';
import { quoted } from '../../words/text.js';

const NOTE = 'It is kept in this tab only, until you sign out.';
const MOST_OF_PRINCIPAL = 60;

/**
 * The dialog that asks for an access token, where the hub wants one. It may be closed: the last
 * known prices stay behind it, and the notice line leads back.
 * @type {import('../../ui/screen.js').CreatePanel}
 */
export function createPanel(host, { store, commands, connection, access, voice }) {
  const title = element('h2', { id: uniqueId('sign-in') }, 'Sign in');
  const need = element('p', { id: uniqueId('need') }, 'This terminal is for people with an access token. Its operator gives you one.');
  const told = element('p', { class: 'told', id: uniqueId('told'), role: 'status' });
  const input = element('input', {
    type: 'password', id: uniqueId('token'), autocomplete: 'off', autocapitalize: 'off', spellcheck: 'false', enterkeyhint: 'go', 'aria-describedby': told.id,
  });
  const later = element('button', { type: 'button', class: 'solid' }, 'Not now');
  const submit = element('button', { type: 'submit', class: 'solid primary' }, 'Sign in');
  const form = element(
    'form', { novalidate: '' },
    title, need, element('label', { for: input.id }, 'Access token'), input, told, element('div', { class: 'buttons' }, later, submit),
  );
  const root = element('dialog', { class: 'sign-in', 'aria-labelledby': title.id, 'aria-describedby': need.id }, form);
  host.append(root);
  /** What the dialog was opened for. @type {import('../../model/store.js').Link['signIn']} */
  let answered = null;
  /** Aborts the question to the hub. @type {AbortController | null} */
  let checking = null;

  later.addEventListener('click', () => root.close());
  input.addEventListener('input', () => tell(''));
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void signIn();
  });
  root.addEventListener('close', () => {
    checking?.abort();
    setChecking(null);
    input.value = '';
  });

  const forget = commands.add(
    { id: 'access.sign-in', title: 'Sign in', group: 'Help', isPossible: () => store.link.signIn !== null, run: open },
    { id: 'access.sign-out', title: 'Sign out', group: 'Help', isPossible: () => access.isSignedIn, run: signOut },
  );

  return {
    element: root,
    paint() {
      const { signIn: wanted } = store.link;
      if (wanted === answered) return;
      answered = wanted;
      // Of two panels in one page, one asks.
      if (wanted === null) root.close();
      else commands.run('access.sign-in');
    },
    destroy() {
      checking?.abort();
      forget();
      root.remove();
    },
  };

  function open() {
    if (!root.open) root.showModal();
    tell(store.link.signIn?.reason ?? '');
    input.focus();
  }

  function signOut() {
    connection.signOut();
    if (store.link.signIn === null) voice.toast('Signed out. This terminal needs no sign-in, so its prices go on');
  }

  async function signIn() {
    if (checking !== null) return;
    const { token, objection } = readToken(input.value);
    if (token === undefined) return refuse(objection);
    const asking = new AbortController();
    setChecking(asking);
    const verdict = await access.check(asking.signal, token);
    // The dialog was closed meanwhile.
    if (checking !== asking) return;
    setChecking(null);
    switch (verdict.kind) {
      case 'admitted': {
        const { principal } = verdict;
        root.close();
        connection.signIn(principal === null ? null : token);
        return voice.toast(principal === null ? 'This terminal needs no sign-in any more' : `Signed in as ${quoted(principal, MOST_OF_PRINCIPAL)}`);
      }
      case 'refused':
        return refuse(verdict.reason);
      case 'busy':
        return refuse(`The hub gets too many requests from here. Try again in ${formatSpan(verdict.retryAfter * 1_000)}.`);
      case 'unknown':
        return refuse('The hub cannot be reached, so the token was not checked. Try again.');
    }
  }

  /** @param {string} reason */
  function refuse(reason) {
    tell(reason);
    input.focus();
    input.select();
  }

  /** @param {AbortController | null} asking */
  function setChecking(asking) {
    checking = asking;
    input.readOnly = asking !== null;
    setAttribute(submit, 'aria-disabled', asking === null ? null : 'true');
    if (asking === null) tell('');
    else setText(told, 'Checking the token…');
  }

  /** @param {string} reason  why a token was refused; '': none was */
  function tell(reason) {
    setText(told, reason === '' ? NOTE : reason);
    setAttribute(told, 'data-tone', reason === '' ? 'minor' : 'bad');
    setAttribute(input, 'aria-invalid', reason === '' ? null : 'true');
  }
}
