/**
 * System notifications and the alert's sound. Nothing here is asked of the browser at load:
 * permission and sound both need a click, so the functions that ask are called in one.
 */

/** @typedef {{ id: string, title: string, body: string, symbol: string | null }} Notice */

/** The two tones of an alert, Hz, one after the other. */
const TONES = [880, 1_320];
const TONE_S = 0.14;
const LOUDNESS = 0.2;
/** What the browser is asked may stay without an answer: whether a page may sound, for one. */
const PATIENCE_MS = 500;

/** @returns {NotificationPermission | 'unsupported'} */
export function permission() {
  return 'Notification' in globalThis ? Notification.permission : 'unsupported';
}

/** Asks the user. To be called in a click. @returns {Promise<NotificationPermission | 'unsupported'>} */
export async function askPermission() {
  if (permission() === 'default') await Notification.requestPermission();
  return permission();
}

/** What a user can do about a permission; null: there is nothing to do. */
export function permissionAdvice() {
  switch (permission()) {
    case 'denied':
      return 'This browser blocks notifications of this site. Allow them in the site’s settings, beside the address, and try again.';
    case 'unsupported':
      return 'This browser has no notifications for this page. On an iPhone, add the page to the home screen first.';
    default:
      return null;
  }
}

/**
 * Shows a system notification; a newer one with the same id replaces it. Browsers on Android show
 * only those of a service worker.
 * @param {Notice} notice
 * @param {(symbol: string | null) => void} open  it was clicked
 * @returns {Promise<boolean>} whether the browser took it
 */
export async function showNotification({ id, title, body, symbol }, open) {
  if (permission() !== 'granted') return false;
  const how = { body, tag: id, icon: '/favicon.svg', data: { symbol } };
  try {
    // An alert does not wait for a browser that is slow to find its service worker.
    const registration = await Promise.race([navigator.serviceWorker?.getRegistration(), patience()]);
    if (registration?.active) {
      await registration.showNotification(title, how);
      return true;
    }
    const shown = new Notification(title, how);
    shown.onclick = () => {
      focus();
      shown.close();
      open(symbol);
    };
    return true;
  } catch {
    return false;
  }
}

/** @type {AudioContext | null} */
let audio = null;

/** Lets the page sound from now on. To be called in a click or at a key; elsewhere it is in vain. */
export async function prepareSound() {
  if (!('AudioContext' in globalThis)) return;
  audio ??= new AudioContext();
  if (audio.state !== 'suspended') return;
  await Promise.race([audio.resume(), patience()]);
}

/** @returns {Promise<undefined>} */
function patience() {
  return new Promise((resolve) => setTimeout(() => resolve(undefined), PATIENCE_MS));
}

/** Plays the two tones. @returns {boolean} whether the page may sound */
export function playSound() {
  if (audio === null || audio.state === 'closed') return false;
  const volume = audio.createGain();
  volume.gain.value = LOUDNESS;
  volume.connect(audio.destination);
  for (const [place, tone] of TONES.entries()) {
    const oscillator = audio.createOscillator();
    oscillator.frequency.value = tone;
    oscillator.connect(volume);
    oscillator.start(audio.currentTime + place * TONE_S);
    oscillator.stop(audio.currentTime + (place + 1) * TONE_S);
  }
  return audio.state === 'running';
}
